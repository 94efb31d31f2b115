--- The form of notebooks in git: no outputs, no counts, keys sorted, a source line a line, as nbformat writes them.
local json = require "moonlark.base.json"

local form = {}

-- What every notebook says of itself; what else programs leave there is not kept.
local metadata = {
  kernelspec = {display_name = "Moonlark (Lua)", language = "lua", name = "moonlark"},
  language_info = {file_extension = ".lua", mimetype = "text/x-lua", name = "lua", version = "5.4"},
}

--- The text of a cell, which nbformat allows to be a list of lines.
---@param cell table
---@return string
function form.source(cell)
  return type(cell.source) == "table" and table.concat(cell.source) or cell.source
end

local function lines_of(text)
  local lines = json.array {}
  for line in text:gmatch "[^\n]*\n?" do
    if line ~= "" then lines[#lines + 1] = line end
  end
  return lines
end

local function bare(cell)
  local kept = {cell_type = cell.cell_type, id = cell.id, metadata = {}, source = lines_of(form.source(cell))}
  if cell.cell_type == "code" then kept.execution_count, kept.outputs = json.null, json.array {} end
  return kept
end

--- A notebook as it stands in git.
---@param notebook table  decoded
---@return string
function form.text(notebook)
  local cells = json.array {}
  for i, cell in ipairs(notebook.cells) do cells[i] = bare(cell) end
  return json.encode({cells = cells, metadata = metadata, nbformat = 4, nbformat_minor = 5}, " ") .. "\n"
end

return form
