--- Gallery: every picture that an example of the manual drew, with the code beside it.
local escape = require "moonlark.base.html".escape

local gallery = {}

--- The page's body.
---@param examples {item: moonlark.manual.Item, html: string}[]  those that drew something, in the order of the chapters
---@param names table  of moonlark.manual.names
---@return string
function gallery.body(examples, names)
  local parts, chapter = {"<p>Each picture is what the code beside it drew when this manual was made.</p>"}, nil
  for _, one in ipairs(examples) do
    if one.item.chapter ~= chapter then
      parts[#parts + 1] = (chapter and "</section>\n" or "") .. ("<section><h2>%s</h2>"):format(escape(one.item.chapter))
      chapter = one.item.chapter
    end
    parts[#parts + 1] = ('<h3><a href="%s">%s</a></h3>\n<div class="beside">%s</div>'):format(names:href(one.item.name),
      escape(one.item.name), one.html)
  end
  return table.concat(parts, "\n") .. (chapter and "</section>" or "")
end

return gallery
