--- Texts, whatever the language settings of the process.
local text = {}

--- Sorts strings by their bytes.
---@param list string[]
---@return string[]  the same list
function text.sort(list)
  local language = os.setlocale(nil, "collate")
  os.setlocale("C", "collate")
  table.sort(list)
  os.setlocale(language, "collate")
  return list
end

--- The keys of a table whose keys are strings, sorted by their bytes.
---@param t table<string, any>?
---@return string[]
function text.keys(t)
  local list = {}
  for key in pairs(t or {}) do list[#list + 1] = key end
  return text.sort(list)
end

return text
