--- Groups: what lies close together, of the distances of all to all, by average linkage.
---     local numbers = groups({{0, 1, 9}, {1, 0, 9}, {9, 9, 0}}, 2)     -- 1, 1, 2
---@param distances number[][]  symmetric
---@param limit number  groups whose mean distance is larger stay apart
---@return integer[]  the group of each row
return function(distances, limit)
  local members, sums = {}, {} -- of each two groups the sum of the distances of their members
  for i, row in ipairs(distances) do members[i], sums[i] = {i}, table.move(row, 1, #row, 1, {}) end
  while #members > 1 do
    local best, first, second = math.huge, nil, nil
    for i = 1, #members do
      for j = i + 1, #members do
        local d = sums[i][j] / (#members[i] * #members[j])
        if d < best then best, first, second = d, i, j end
      end
    end
    if not first or best > limit then break end
    table.move(members[second], 1, #members[second], #members[first] + 1, members[first])
    for k = 1, #members do
      sums[first][k] = sums[first][k] + sums[second][k]
      sums[k][first] = sums[first][k]
    end
    table.remove(members, second)
    table.remove(sums, second)
    for _, row in ipairs(sums) do table.remove(row, second) end
  end
  local numbers = {}
  for number, list in ipairs(members) do for _, i in ipairs(list) do numbers[i] = number end end
  return numbers
end
