--- HTML: a report's Markdown as one page with its pictures inside, to be read, printed and sent.
---
--- It knows the Markdown that moonlark.run.report writes, and what people add by hand: headings, paragraphs, lists,
--- tables, blocks of code, pictures, bold, emphasis, code and links. Everything else stays text. Nothing that a report
--- says becomes markup of the page, and the page loads nothing and runs nothing.
local base64 = require "moonlark.base.base64"
local markup = require "moonlark.base.html"
local files = require "moonlark.base.files"
local png = require "moonlark.base.png"

local escape = markup.escape

local html = {}

-- --- within a line ------------------------------------------------------------------

-- A link is followed to the web or within the folder, never to a scheme that could run something.
local function is_safe(target)
  local scheme = target:match "^%s*([%w+.-]+):"
  return not scheme or scheme:lower() == "http" or scheme:lower() == "https" or scheme:lower() == "mailto"
end

local inline

-- What each sign may begin: a pattern of the whole, and what it becomes.
local spans = {
  ["\\"] = {{"^\\(%p)", escape}},
  ["`"] = {{"^`([^`]+)`", function(code) return "<code>" .. escape(code) .. "</code>" end}},
  ["*"] = {
    {"^%*%*(%S.-)%*%*", function(s) return "<strong>" .. inline(s) .. "</strong>" end},
    {"^%*(%S[^*]-)%*", function(s) return "<em>" .. inline(s) .. "</em>" end},
  },
  ["["] = {{"^%[([^%]]+)%]%(([^)%s]+)%)", function(s, target)
    if not is_safe(target) then return inline(s) end
    return ('<a href="%s">%s</a>'):format(escape(target), inline(s))
  end}},
}

function inline(s)
  local parts, at = {}, 1
  while at <= #s do
    local sign, made, stop = s:sub(at, at), nil, nil
    for _, span in ipairs(spans[sign] or {}) do
      local from, to, a, b = s:find(span[1], at)
      if from then
        made, stop = span[2](a, b), to
        break
      end
    end
    if not made then
      local to = s:find("[\\`*%[]", at + 1) or #s + 1
      made, stop = escape(s:sub(at, to - 1)), to - 1
    end
    parts[#parts + 1], at = made, stop + 1
  end
  return table.concat(parts)
end

-- --- pictures ------------------------------------------------------------------------

local kinds = {[".png"] = "image/png", [".svg"] = "image/svg+xml", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg"}

-- How wide a picture is shown: at its own size, 96 pixels an inch.
local function width_of(bytes, path)
  local pixels = png.size(bytes, path)
  return pixels * 96 / (png.resolution(bytes) or 192)
end

-- The picture itself in the page; its caption alone where there is no such file in the folder.
local function picture(folder, caption, target)
  local name = target:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
  local _, ending = files.stem(name)
  local path = files.join(folder, name)
  local inside = name:sub(1, 1) ~= "/" and not ("/" .. name .. "/"):find("/../", 1, true)
  if not inside or not kinds[ending] or files.kind(path) ~= "file" then
    return ("<p><em>(no picture: %s)</em></p>"):format(inline(caption))
  end
  local bytes = files.read(path)
  local width = png.is(bytes) and (' width="%.0f"'):format(width_of(bytes, path)) or ""
  local words = inline(caption):gsub("<[^>]*>", "")
  return ('<figure><img src="data:%s;base64,%s" alt="%s"%s><figcaption>%s</figcaption></figure>'):format(kinds[ending],
    base64.encode(bytes), words, width, inline(caption))
end

-- --- blocks --------------------------------------------------------------------------

-- The cells of a line of a table; "\|" is no border.
local function cells_of(line)
  local cells = {}
  local body = line:gsub("^%s*|", ""):gsub("\\|", "\0")
  for cell in body:gmatch "([^|]*)|" do cells[#cells + 1] = (cell:gsub("%z", "\\|"):match "^%s*(.-)%s*$") end
  return cells
end

local function row_of(line, tag, right)
  local parts = {}
  for i, cell in ipairs(cells_of(line)) do
    parts[i] = ("<%s%s>%s</%s>"):format(tag, right[i] and ' class="n"' or "", inline(cell), tag)
  end
  return "<tr>" .. table.concat(parts) .. "</tr>\n"
end

local function table_of(lines)
  local right, rows = {}, {}
  for i, rule in ipairs(cells_of(lines[2])) do right[i] = rule:find ":$" ~= nil end
  for i = 3, #lines do rows[#rows + 1] = row_of(lines[i], "td", right) end
  return ('<div class="wide"><table>\n<thead>%s</thead>\n<tbody>\n%s</tbody>\n</table></div>'):format(
    row_of(lines[1], "th", right), table.concat(rows))
end

local function list_of(lines, tag)
  local items = {}
  for i, line in ipairs(lines) do items[i] = "<li>" .. inline(line:match "^%s*%S+%s+(.*)$") .. "</li>\n" end
  return ("<%s>\n%s</%s>"):format(tag, table.concat(items), tag)
end

local function heading_of(line)
  local level, words = line:match "^(#+)%s+(.*)$"
  local tag = "h" .. math.min(#level, 6)
  return ("<%s>%s</%s>"):format(tag, inline(words), tag)
end

local function kind_of(line, following)
  if line:find "^```" then return "code" end
  if line:find "^%s*$" then return "blank" end
  if line:find "^#+%s" then return "heading" end
  if line:find "^%s*|.*|%s*$" and (following or ""):find "^%s*|[%s:|-]+|%s*$" then return "table" end
  if line:find "^%s*[-*]%s+%S" then return "ul" end
  if line:find "^%s*%d+%.%s+%S" then return "ol" end
  if line:find "^!%[.*%]%([^)%s]+%)%s*$" then return "picture" end
  return "text"
end

-- The lines from `at` on for which a pattern holds, and the line after them.
local function run_of(lines, at, pattern)
  local found = {}
  while lines[at] and lines[at]:find(pattern) do
    found[#found + 1], at = lines[at], at + 1
  end
  return found, at
end

local function code_block(lines, at)
  local code = {}
  at = at + 1
  while lines[at] and not lines[at]:find "^```" do
    code[#code + 1], at = escape(lines[at]), at + 1
  end
  return "<pre><code>" .. table.concat(code, "\n") .. "</code></pre>", at + 1
end

local function paragraph(lines, at)
  local words = {}
  repeat
    words[#words + 1], at = lines[at], at + 1
  until not lines[at] or kind_of(lines[at], lines[at + 1]) ~= "text"
  return "<p>" .. inline(table.concat(words, "\n")) .. "</p>", at
end

-- The block that begins at a line, and the line after it.
local function block(lines, at, folder)
  local line = lines[at]
  local kind = kind_of(line, lines[at + 1])
  if kind == "blank" then return nil, at + 1 end
  if kind == "code" then return code_block(lines, at) end
  if kind == "heading" then return heading_of(line), at + 1 end
  if kind == "picture" then return picture(folder, line:match "^!%[(.*)%]%(([^)%s]+)%)"), at + 1 end
  if kind == "text" then return paragraph(lines, at) end
  local found
  found, at = run_of(lines, at, kind == "table" and "^%s*|.*|%s*$" or kind == "ul" and "^%s*[-*]%s+%S"
    or "^%s*%d+%.%s+%S")
  return kind == "table" and table_of(found) or list_of(found, kind), at
end

local style = [[
:root { color-scheme: light; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff;
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; } h2 { font-size: 1.3rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #888; } tbody tr:nth-child(even) { background: #f6f7f8; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #555; font-size: .9rem; }
pre { overflow-x: auto; padding: .8rem; background: #f6f7f8; font-size: .85rem; }
code { font-family: "DejaVu Sans Mono", monospace; font-size: .95em; }
p, li, td:first-child { overflow-wrap: anywhere; } th, .n { white-space: nowrap; }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; } .wide, pre { overflow: visible; } pre { white-space: pre-wrap; }
  figure, tr, pre { break-inside: avoid; } h1, h2 { break-after: avoid; } thead { display: table-header-group; }
}
]]

--- A report's Markdown as one page of HTML. Pictures that lie in the folder are inside the page.
---     files.write("report.html", html.page(files.read "report.md", "."))
---@param markdown string
---@param folder string  where the pictures' paths begin
---@return string
function html.page(markdown, folder)
  local lines, blocks, at = {}, {}, 1
  for line in (markdown:gsub("\r\n?", "\n") .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  while lines[at] do
    local made
    made, at = block(lines, at, folder)
    blocks[#blocks + 1] = made
  end
  local title = markdown:match "^#%s+([^\n]*)" or markdown:match "\n#%s+([^\n]*)" or "Report"
  return markup.document {title = (inline(title):gsub("<[^>]*>", "")), style = style, body = table.concat(blocks, "\n"),
    allowed = "img-src data:; style-src 'unsafe-inline'"}
end

return html
