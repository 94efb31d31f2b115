--- HTML: texts and tables as parts of a page.
local show = require "moonlark.base.show"

local html = {}

local marks = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;"}

--- A text as HTML that shows it as it is.
---     print(html.escape "a < b")
---@param s string
---@return string
function html.escape(s) return (s:gsub("[&<>\"']", marks)) end

-- Whether all that stands in a column are numbers, which are set to the right.
local function is_of_numbers(rows, column)
  for _, cells in ipairs(rows) do
    local cell = tostring(cells[column] or "")
    if cell ~= "" and not cell:find "^[-+]?%.?%d" and not cell:find "^[–…]" then return false end
  end
  return true
end

local function row(tag, cells, aligns)
  local parts = {}
  for i, align in ipairs(aligns) do
    parts[i] = ('<%s style="text-align: %s">%s</%s>'):format(tag, align, html.escape(show.name(cells[i] or "")), tag)
  end
  return "<tr>" .. table.concat(parts) .. "</tr>"
end

--- A table. Cells are texts or numbers; one that is nil or "" is empty.
---     print(html.table({"name", "bpm"}, {{"one.wav", 120.5}}))
---@param headings string[]
---@param rows any[][]
---@return string
function html.table(headings, rows)
  local aligns = {}
  for i = 1, #headings do aligns[i] = is_of_numbers(rows, i) and "right" or "left" end
  local lines = {"<table>", "<thead>" .. row("th", headings, aligns) .. "</thead>", "<tbody>"}
  for _, cells in ipairs(rows) do lines[#lines + 1] = row("td", cells, aligns) end
  lines[#lines + 1] = "</tbody></table>"
  return table.concat(lines, "\n")
end

--- Lines of text as a paragraph; what two blanks hold apart stays apart.
---     print(html.lines "accuracy 0.9\nAUC 0.95")
---@param text string
---@return string
function html.lines(text)
  return "<p>" .. html.escape(show.lines(text)):gsub("\n", "<br>"):gsub("  ", " &nbsp;") .. "</p>"
end

local document = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; %s">
<title>%s</title>
<style>
%s</style>
</head>
<body>
%s
</body>
</html>
]]

--- A page of one file, which loads nothing from elsewhere.
---     files.write("a.html", html.document {title = "A", style = "", body = "<p>a</p>", allowed = "img-src data:"})
---@param about {title: string, style: string, body: string, allowed: string}  title, body: HTML; allowed: what besides its
--- own text the page may use, in the words of a Content-Security-Policy
---@return string
function html.document(about) return document:format(about.allowed, about.title, about.style, about.body) end

--- Colours of pages, on light and dark screens and on paper: ink and quiet ink on paper and on lanes, lines between
--- them, an accent for what can be clicked. A page's style begins with them.
html.colours = [[
:root { color-scheme: light dark; --ink: #1d2329; --quiet: #5c6670; --paper: #fff; --lane: #f4f6f8; --line: #d5dbe1;
  --accent: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --quiet: #9aa5b1; --paper: #14181c; --lane: #1d2329;
  --line: #37414b; --accent: #fb923c; } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --lane: #fff; --line: #bbb; --quiet: #444;
  --accent: #c2410c; } }
]]

return html
