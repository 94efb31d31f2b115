--- Code: Lua as HTML, whose comments, strings and keywords are told apart.
---
---     print(code.html 'print "x" -- says x')
local escape = require "moonlark.base.html".escape

local code = {}

local keywords = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true "
  .. "until while"):gmatch "%a+" do keywords[word] = true end

local function marked(class, text) return ('<span class="%s">%s</span>'):format(class, escape(text)) end

-- What may begin at a place: a pattern, and what becomes of it. The last takes any character.
local pieces = {
  {"^%-%-[^\n]*", function(text) return marked("c", text) end},
  {'^"[^"\n]*"', function(text) return marked("s", text) end},
  {"^'[^'\n]*'", function(text) return marked("s", text) end},
  {"^%[%[.-%]%]", function(text) return marked("s", text) end},
  {"^[%a_][%w_]*", function(text) return keywords[text] and marked("k", text) or text end},
  {"^%s+", function(text) return text end},
  {"^.", escape},
}

--- Code as the inside of an element.
---@param text string
---@return string
function code.html(text)
  local parts, at = {}, 1
  while at <= #text do
    for _, piece in ipairs(pieces) do
      local found = text:match(piece[1], at)
      if found then
        parts[#parts + 1], at = piece[2](found), at + #found
        break
      end
    end
  end
  return table.concat(parts)
end

--- Code as a block.
---@param text string
---@return string
function code.block(text) return '<pre tabindex="0"><code>' .. code.html(text) .. "</code></pre>" end

return code
