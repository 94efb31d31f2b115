--- HTML: texts and tables as parts of a page.
local html = {}

local marks = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;"}

--- A text as HTML that shows it as it is.
---     print(html.escape "a < b")
---@param s string
---@return string
function html.escape(s) return (s:gsub("[&<>\"']", marks)) end

return html
