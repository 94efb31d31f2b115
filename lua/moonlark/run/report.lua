--- Report: a page of Markdown that grows piece by piece: words, figures, tables, pictures.
---
---     local page = report.new "Ten genres"
---     r:report(page:text "Five folds, stratified.")
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local report = {}

---@class moonlark.Report
---@field parts string[]
local Report = {}
Report.__index = Report
Report.__name = "moonlark.Report"

--- Text as Markdown that shows it as it is (show.name): one line, its marks escaped.
---     page:text(report.escape "A*b_c")
---@param value any
---@return string
function report.escape(value)
  return (show.name(value):gsub("[\\`*_%[%]<>|#!~&$]", "\\%0"))
end

--- A number with as many digits as a reader wants: integers whole, others with four.
---     page:text("accuracy " .. report.number(0.84375))
---@param value any
---@return string
function report.number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) ~= "number" then return report.escape(value) end
  if value ~= value then return "–" end
  local size = math.abs(value)
  if size ~= 0 and (size < 1e-3 or size >= 1e6) then return ("%.3g"):format(value) end
  return (("%.4f"):format(value):gsub("(%.%d-%d)0+$", "%1"):gsub("%.0$", ".0"))
end

--- An empty page.
---     local page = report.new "Ten genres"
---@param title? string
---@return moonlark.Report
function report.new(title)
  local page = setmetatable({parts = {}}, Report)
  if title then page.parts[1] = "# " .. report.escape(title) end
  return page
end

--- Adds a paragraph of Markdown.
---     page:text "Five folds, stratified."
---@param markdown string
---@return moonlark.Report self
function Report:text(markdown)
  self.parts[#self.parts + 1] = tostring(markdown)
  return self
end

--- Adds a heading below the title.
---     page:heading "Classes"
---@param words string
---@return moonlark.Report self
function Report:heading(words)
  return self:text("## " .. report.escape(words))
end

-- How many decimals report.number gives a number; nil where it writes powers of ten.
local function decimals_of(value)
  if math.type(value) ~= "float" then return 0 end
  local shown = report.number(value)
  return not shown:find "e" and #(shown:match "%.(%d+)$" or "") or nil
end

-- How the cells of a column are written: numbers with the decimals that the longest of them needs.
local function writer_of(rows, c)
  local most = 0
  for _, row in ipairs(rows) do
    local decimals = type(row[c]) == "number" and decimals_of(row[c]) or 0
    most = math.max(most, decimals)
  end
  return function(value)
    if value == nil then return "" end
    local plain = math.type(value) == "float" and value == value and decimals_of(value)
    return plain and ("%." .. most .. "f"):format(value) or report.number(value)
  end
end

--- Adds a table. Columns whose cells are all numbers are set to the right, all with as many decimals.
---     page:table({"class", "recall"}, {{"jazz", 0.9}, {"pop", 0.7}})
---@param headers string[]
---@param rows any[][]
---@return moonlark.Report self
function Report:table(headers, rows)
  local lines, rule, shown, write = {}, {}, {}, {}
  for c, header in ipairs(headers) do
    local numeric = #rows > 0
    for _, row in ipairs(rows) do numeric = numeric and (type(row[c]) == "number" or row[c] == nil) end
    shown[c], rule[c], write[c] = report.escape(header), numeric and "---:" or "---", writer_of(rows, c)
  end
  lines[1] = "| " .. table.concat(shown, " | ") .. " |"
  lines[2] = "|" .. table.concat(rule, "|") .. "|"
  for _, row in ipairs(rows) do
    local cells = {}
    for c = 1, #headers do cells[c] = write[c](row[c]) end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return self:text(table.concat(lines, "\n"))
end

--- Adds a table of figures, sorted by name.
---     page:metrics {accuracy = 0.84, ari = 0.41}
---@param figures table<string, any>
---@return moonlark.Report self
function Report:metrics(figures)
  local rows = {}
  for i, name in ipairs(text.keys(figures)) do rows[i] = {name, figures[name]} end
  return self:table({"figure", "value"}, rows)
end

--- Adds a table of precision, recall and F1 of each class.
---     page:classes(train.evaluate(net, batches), "tracks")
---@param found moonlark.Evaluation  from classify.cross_validate or train.evaluate
---@param counted string  what was classified: "sounds", "tracks"
---@return moonlark.Report self
function Report:classes(found, counted)
  local rows = {}
  for i, class in ipairs(found.per_class) do
    rows[i] = {found.classes[i], class.precision, class.recall, class.f1, class.support}
  end
  return self:table({"class", "precision", "recall", "F1", counted}, rows)
end

--- Adds a heading and a table of files and reasons; nothing when there are none.
---     page:files("Left out", songs.rejected)
---@param title string
---@param list {path: string, reason: string}[]
---@return moonlark.Report self
function Report:files(title, list)
  if #list == 0 then return self end
  local rows = {}
  for i, file in ipairs(list) do rows[i] = {file.path, file.reason} end
  return self:heading(("%s (%d)"):format(title, #list)):table({"file", "reason"}, rows)
end

--- Adds a picture with its caption, or words in its place where there is none.
---     page:figure(r:plot("confusion", plot.confusion, found), "Confusion matrix")
---@param path string?  within the run folder; nil, as Run:plot gives: it was not drawn
---@param caption string
---@return moonlark.Report self
function Report:figure(path, caption)
  if not path then return self:text("*(no picture: " .. report.escape(caption) .. ")*") end
  local target = path:gsub("[^%w_./-]", function(c) return ("%%%02X"):format(c:byte()) end)
  return self:text(("![%s](%s)"):format(report.escape(caption), target))
end

function Report:__tostring()
  return table.concat(self.parts, "\n\n") .. "\n"
end

function Report:__display() return {["text/markdown"] = tostring(self)} end

return report
