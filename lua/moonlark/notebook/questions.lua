--- What an editor asks while a cell is typed: how it could go on, what a name means, whether it is complete.
local complete = require "moonlark.shell.complete"
local help = require "moonlark.shell.help"
local json = require "moonlark.base.json"
local output = require "moonlark.notebook.output"
local prompt = require "moonlark.shell.prompt"

local questions = {}

-- Code and cursor of a question: the text, and how many of its bytes stand before the cursor, which counts characters.
local function cursor_of(content)
  local code = content.code
  if type(code) ~= "string" then error("code must be a string", 0) end
  local length = utf8.len(code)
  local at = math.tointeger(content.cursor_pos) or length
  at = math.max(0, math.min(at, length))
  return code, utf8.offset(code, at + 1) - 1
end

--- Answers a complete_request.
---@return table
function questions.complete(_, content)
  local code, bytes = cursor_of(content)
  local before = code:sub(1, bytes)
  local candidates, start = complete.candidates(before)
  for i, candidate in ipairs(candidates) do candidates[i] = output.as_utf8(candidate) end
  local last = utf8.len(before)
  return {status = "ok", matches = json.array(candidates), metadata = {}, cursor_end = last,
    cursor_start = utf8.len(before:sub(1, start - 1)) or last}
end

-- The name that stands at the cursor, else the function whose call is open there.
local function name_at(code, bytes)
  local before = code:sub(1, bytes):match "[%a_][%w_.:]*$" or ""
  local after = code:sub(bytes + 1):match "^[%w_]*"
  if before .. after ~= "" and (before ~= "" or after:find "^[%a_]") then return before .. after end
  local open = code:sub(1, bytes):gsub("%b()", ""):gsub("%b{}", "")
  return open:match "([%a_][%w_.:]*)%s*%([^()]*$" or open:match "([%a_][%w_.:]*)%s*{[^{}]*$"
end

--- Answers an inspect_request.
---@return table
function questions.inspect(_, content)
  local name = name_at(cursor_of(content))
  local text, found = "", false
  if name then text, found = help.text(name) end
  return {status = "ok", found = found, metadata = {},
    data = found and {["text/plain"] = output.as_utf8(text)} or {}}
end

-- How far the line after an unfinished text is to be set in.
local function indent_of(code)
  local last = code:match "([^\n]*)%s*$"
  local deeper = last:find "%f[%w_]then%s*$" or last:find "%f[%w_]do%s*$" or last:find "[{(]%s*$"
    or last:find "%f[%w_]function%f[^%w_].*%)%s*$" or last:find "%f[%w_]else%s*$" or last:find "%f[%w_]repeat%s*$"
  return last:match "^%s*" .. (deeper and "  " or "")
end

--- Answers an is_complete_request.
---@return table
function questions.is_complete(_, content)
  local code = cursor_of(content)
  local state = prompt.state(code)
  return {status = state, indent = state == "incomplete" and indent_of(code) or nil}
end

return questions
