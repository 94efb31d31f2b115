--- A largest matching between two lists, by augmenting paths.

local matching = {}

-- The items that have neighbours, by their first.
local function by_first(neighbours)
  local order = {}
  for item, others in ipairs(neighbours) do if others[1] then order[#order + 1] = item end end
  table.sort(order, function(a, b)
    if neighbours[a][1] ~= neighbours[b][1] then return neighbours[a][1] < neighbours[b][1] end
    return a < b
  end)
  return order
end

local function first_free(others, partner)
  for _, other in ipairs(others) do if not partner[other] then return other end end
end

--- Pairs as many items as can be, each with one neighbour of its own. First each takes a free one, in the order of the
--- first neighbours; then those left over make others move. Of several largest this is mostly the one of mir_eval.
---     local partner, size = matching.of({{1, 2}, {1}})     -- {[2] = 1, [1] = 2}, 2
---@param neighbours integer[][]  of each item those it may be paired with
---@return table<integer, integer> partner  by neighbour: the item that it is paired with
---@return integer size
function matching.of(neighbours)
  local partner, size, seen = {}, 0, nil
  local function place(item)
    for _, other in ipairs(neighbours[item]) do
      if not seen[other] then
        seen[other] = true
        if not partner[other] or place(partner[other]) then
          partner[other] = item
          return true
        end
      end
    end
    return false
  end
  local left = {}
  for _, item in ipairs(by_first(neighbours)) do
    local free = first_free(neighbours[item], partner)
    if free then partner[free], size = item, size + 1 else left[#left + 1] = item end
  end
  for _, item in ipairs(left) do
    seen = {}
    if place(item) then size = size + 1 end
  end
  return partner, size
end

return matching
