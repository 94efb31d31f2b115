--- Groups: what lies close together, of the distances of all to all, by average linkage.
---     local numbers = groups({{0, 1, 9}, {1, 0, 9}, {9, 9, 0}}, 2)     -- 1, 1, 2
---@param distances number[][]  symmetric
---@param limit number  groups whose mean distance is larger stay apart
---@return integer[]  the group of each row
return function(distances, limit)
  local members = {}
  for i = 1, #distances do members[i] = {i} end
  local function mean(a, b)
    local sum = 0
    for _, i in ipairs(a) do for _, j in ipairs(b) do sum = sum + distances[i][j] end end
    return sum / (#a * #b)
  end
  while #members > 1 do
    local best, first, second = math.huge, nil, nil
    for i = 1, #members do
      for j = i + 1, #members do
        local d = mean(members[i], members[j])
        if d < best then best, first, second = d, i, j end
      end
    end
    if not first or best > limit then break end
    for _, i in ipairs(table.remove(members, second)) do table.insert(members[first], i) end
  end
  local numbers = {}
  for number, list in ipairs(members) do for _, i in ipairs(list) do numbers[i] = number end end
  return numbers
end
