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

return text
