--- A largest matching between two lists, by shortest augmenting paths.

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

-- By item, its way back to one that is free: the neighbour from which it was reached, or true for the free ones. By
-- neighbour, the items that reached it; and the free neighbours that lie nearest (Hopcroft and Karp, 1973).
local function layers(order, neighbours, partner)
  local back, reached, ends, layer, taken = {}, {}, {}, {}, {}
  for _, item in pairs(partner) do taken[item] = true end
  for _, item in ipairs(order) do
    if not taken[item] then layer[#layer + 1], back[item] = item, true end
  end
  while #layer > 0 and #ends == 0 do
    local found, list = {}, {}
    for _, item in ipairs(layer) do
      for _, other in ipairs(neighbours[item]) do
        if not reached[other] then
          if not found[other] then found[other], list[#list + 1] = {}, other end
          table.insert(found[other], item)
        end
      end
    end
    layer = {}
    for _, other in ipairs(list) do
      local item = partner[other]
      reached[other] = found[other]
      if item then layer[#layer + 1], back[item] = item, other else ends[#ends + 1] = other end
    end
  end
  return back, reached, ends
end

-- Gives the free neighbours that lie nearest an item, and makes others move; false where none can be reached.
local function grow(order, neighbours, partner)
  local back, reached, ends = layers(order, neighbours, partner)
  local function take(other)
    local items = reached[other] or {}
    reached[other] = nil
    for _, item in ipairs(items) do
      local from = back[item]
      back[item] = nil
      if from and (from == true or take(from)) then
        partner[other] = item
        return true
      end
    end
    return false
  end
  for _, other in ipairs(ends) do take(other) end
  return #ends > 0
end

--- Pairs as many items as can be, each with one neighbour of its own. First each takes a free one, in the order of the
--- first neighbours; then shortest ways make those left over a place. Of several largest this is the one of mir_eval, which
--- goes the same ways in the same order.
---     local partner, size = matching.of({{1, 2}, {1}})     -- {[2] = 1, [1] = 2}, 2
---@param neighbours integer[][]  of each item those it may be paired with
---@return table<integer, integer> partner  by neighbour: the item that it is paired with
---@return integer size
function matching.of(neighbours)
  local partner, size, order = {}, 0, by_first(neighbours)
  for _, item in ipairs(order) do
    local free = first_free(neighbours[item], partner)
    if free then partner[free] = item end
  end
  while grow(order, neighbours, partner) do end
  for _ in pairs(partner) do size = size + 1 end
  return partner, size
end

return matching
