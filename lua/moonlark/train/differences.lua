--- Which settings of two tables differ, in words.
local function shown(value) return math.type(value) and ("%.14g"):format(value) or tostring(value) end

--- Each setting that differs: "seed was 1, is now 2".
---@param had table
---@param has table
---@return string[]  sorted
return function(had, has)
  local list = {}
  local function compare(name, a, b)
    if type(a) == "table" and type(b) == "table" then
      local keys = {}
      for key in pairs(a) do keys[key] = true end
      for key in pairs(b) do keys[key] = true end
      for key in pairs(keys) do compare(name == "" and tostring(key) or name .. "." .. key, a[key], b[key]) end
    elseif a ~= b then
      list[#list + 1] = ("%s was %s, is now %s"):format(name, shown(a), shown(b))
    end
  end
  compare("", had, has)
  table.sort(list)
  return list
end
