--- Page: what all pages of a manual have around what they tell.
---
---     local bytes = page.html {title = "Gallery", body = "<p>…</p>"}
local escape = require "moonlark.base.html".escape
local moonlark = require "moonlark"

local page = {}

local places = {{"index.html", "Start"}, {"names.html", "Names A–Z"}, {"gallery.html", "Gallery"},
  {"commands.html", "Commands"}, {"conventions.html", "Conventions"}}

local frame = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="home" href="index.html">Moonlark</a>
<nav aria-label="Manual">
%s
</nav>
</header>
<main id="content">
<h1>%s</h1>
%s
</main>%s
<footer><p>Moonlark %s. This manual was made by <code>moonlark manual</code> from the comments in the sources.</p></footer>
</body>
</html>
]]

local function navigation(current)
  local parts = {}
  for i, place in ipairs(places) do
    local here = place[1] == current and ' aria-current="page"' or ""
    parts[i] = ('<a href="%s"%s>%s</a>'):format(place[1], here, place[2])
  end
  return table.concat(parts, "\n")
end

--- A page as bytes.
---@param about {file: string, title: string, body: string, script: string?}  file: its name, "gallery.html"; body: HTML;
--- script: a file of the manual
---@return string
function page.html(about)
  local whole = about.file == "index.html" and about.title or about.title .. " · Moonlark"
  return frame:format(escape(whole), navigation(about.file), escape(about.title), about.body,
    about.script and ('\n<script src="%s"></script>'):format(about.script) or "", escape(moonlark.version))
end

--- A table: a caption, the names of the columns, rows of cells that are HTML already. On narrow screens each row becomes a
--- block, in which every cell says its column.
---@param caption string?
---@param columns string[]
---@param rows string[][]
---@param class string?
---@return string
function page.table(caption, columns, rows, class)
  local heads, lines = {}, {}
  for i, column in ipairs(columns) do heads[i] = ('<th scope="col">%s</th>'):format(column) end
  for i, row in ipairs(rows) do
    local cells = {}
    for c, cell in ipairs(row) do
      local empty = cell == "" and ' class="empty"' or ""
      cells[c] = c == 1 and ('<th scope="row">%s</th>'):format(cell)
        or ('<td data-label="%s"%s>%s</td>'):format(columns[c], empty, cell)
    end
    lines[i] = "<tr>" .. table.concat(cells) .. "</tr>"
  end
  return ("<table%s>\n%s<thead><tr>%s</tr></thead>\n<tbody>\n%s\n</tbody>\n</table>"):format(
    class and (' class="%s"'):format(class) or "", caption and ("<caption>%s</caption>\n"):format(caption) or "",
    table.concat(heads), table.concat(lines, "\n"))
end

return page
