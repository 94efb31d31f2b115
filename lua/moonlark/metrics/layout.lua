--- Layout: a classification report as a table, of text and of HTML.
local html = require "moonlark.base.html"
local show = require "moonlark.base.show"

local layout = {}

local figures = {"precision", "recall", "f1"}

-- Names are set to the left, numbers to the right below their headings.
local function row(width, name, values, n)
  local cells = {name .. (" "):rep(width - utf8.len(name))}
  for i, key in ipairs(figures) do
    cells[i + 1] = values[key] and ("%9.3f"):format(values[key]) or (" "):rep(9)
  end
  return table.concat(cells, " ") .. (" %8d"):format(n)
end

--- The table as text: a line for each class that occurs in truth or prediction, then accuracy and means.
---@param found moonlark.ClassificationReport
---@return string
function layout.text(found)
  local lines, names, width, n = {}, {}, #"weighted avg", 0
  for i, values in ipairs(found.per_class) do
    names[i] = show.name(found.classes[i] or tostring(i - 1))
    if values.occurs then width = math.max(width, utf8.len(names[i])) end
    n = n + values.support
  end
  lines[1] = (" "):rep(width) .. " precision    recall  f1-score  support"
  for i, values in ipairs(found.per_class) do
    if values.occurs then lines[#lines + 1] = row(width, names[i], values, values.support) end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = row(width, "accuracy", {f1 = found.confusion:diagonal():sum():item() / n}, n)
  lines[#lines + 1] = row(width, "macro avg", found.macro, n)
  lines[#lines + 1] = row(width, "weighted avg", found.weighted, n)
  return table.concat(lines, "\n")
end

--- The same rows as HTML.
---@param found moonlark.ClassificationReport
---@return string
function layout.html(found)
  local rows, n = {}, 0
  local function add(name, values, support)
    local cells = {name}
    for i, key in ipairs(figures) do cells[i + 1] = values[key] and ("%.3f"):format(values[key]) or "" end
    cells[5] = support
    rows[#rows + 1] = cells
  end
  for i, values in ipairs(found.per_class) do
    if values.occurs then add(found.classes[i] or tostring(i - 1), values, values.support) end
    n = n + values.support
  end
  add("accuracy", {f1 = found.confusion:diagonal():sum():item() / n}, n)
  add("macro avg", found.macro, n)
  add("weighted avg", found.weighted, n)
  return html.table({"", "precision", "recall", "f1-score", "support"}, rows)
end

return layout
