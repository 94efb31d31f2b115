--- Deals tracks out to parts: the arithmetic behind dataset splits and folds, on plain lists.
local partition = {}

--- A generator of whole numbers, random(n) in 0..n-1 (SplitMix64): the same seed gives the same numbers everywhere.
function partition.random(seed)
  local state = seed
  return function(n)
    state = state + 0x9E3779B97F4A7C15
    local z = state
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    return ((z ~ (z >> 31)) >> 1) % n
  end
end

--- Shuffles a list in place (Fisher and Yates) by a generator; returns it.
function partition.shuffle(list, random)
  for i = #list, 2, -1 do
    local j = random(i) + 1
    list[i], list[j] = list[j], list[i]
  end
  return list
end

-- How many of n go to each part: its quota n * fraction rounded down or up. What rounding took from a part in
-- earlier classes is in `owed`, and decides who is rounded up now, so that totals come out right as well.
local function apportion(n, fractions, owed)
  local sizes, open, left = {}, {}, n
  for part, fraction in ipairs(fractions) do
    local quota = n * fraction
    sizes[part] = math.floor(quota + 1e-9)
    left = left - sizes[part]
    owed[part] = owed[part] + quota - sizes[part]
    if quota - sizes[part] > 1e-9 then open[#open + 1] = part end
  end
  table.sort(open, function(a, b)
    if math.abs(owed[a] - owed[b]) > 1e-9 then return owed[a] > owed[b] end
    return a < b
  end)
  for i = 1, left do
    sizes[open[i]] = sizes[open[i]] + 1
    owed[open[i]] = owed[open[i]] - 1
  end
  return sizes
end

--- Deals items to parts, class by class: the part (from 1) of each, by their labels and the parts' fractions, which sum
--- to 1. A class's share of a part is its quota rounded down or up.
function partition.stratified(labels, fractions, seed)
  local random = partition.random(seed)
  local members, order = {}, {}
  for i, label in ipairs(labels) do
    if not members[label] then members[label], order[#order + 1] = {}, label end
    table.insert(members[label], i)
  end
  local part_of, owed = {}, {}
  for part = 1, #fractions do owed[part] = 0 end
  for _, label in ipairs(order) do
    local items = partition.shuffle(members[label], random)
    local at = 0
    for part, size in ipairs(apportion(#items, fractions, owed)) do
      for i = at + 1, at + size do part_of[items[i]] = part end
      at = at + size
    end
  end
  return part_of
end

-- Each group with its items and how many of each class it holds; large groups first, equal ones in random order.
local function collect_groups(labels, groups, random)
  local list, by_name = {}, {}
  for i, name in ipairs(groups) do
    local group = by_name[name] or {items = {}, counts = {}}
    if not by_name[name] then by_name[name], list[#list + 1] = group, group end
    table.insert(group.items, i)
    group.counts[labels[i]] = (group.counts[labels[i]] or 0) + 1
  end
  partition.shuffle(list, random)
  for rank, group in ipairs(list) do group.rank = rank end
  table.sort(list, function(a, b)
    if #a.items ~= #b.items then return #a.items > #b.items end
    return a.rank < b.rank
  end)
  return list
end

--- Deals whole groups to the parts, keeping each class as near to its share as groups allow: the largest group
--- first, each to the part that would then be fullest the least, counted in the classes that the group holds.
function partition.grouped(labels, groups, fractions, seed)
  local totals = {}
  for _, label in ipairs(labels) do totals[label] = (totals[label] or 0) + 1 end
  local part_of, filled = {}, {}
  for part = 1, #fractions do filled[part] = {all = 0} end

  local function fullness(part, group)
    if fractions[part] == 0 then return math.huge end
    local sum, size = 0, #group.items
    for label, count in pairs(group.counts) do
      sum = sum + count * ((filled[part][label] or 0) + count) / (totals[label] * fractions[part])
    end
    -- The overall size decides between parts that are equally full of the group's own classes.
    return sum / size + 1e-3 * (filled[part].all + size) / (#labels * fractions[part])
  end

  for _, group in ipairs(collect_groups(labels, groups, partition.random(seed))) do
    local best, best_fullness
    for part = 1, #fractions do
      local value = fullness(part, group)
      if not best or value < best_fullness - 1e-12 then best, best_fullness = part, value end
    end
    for _, item in ipairs(group.items) do part_of[item] = best end
    for label, count in pairs(group.counts) do filled[best][label] = (filled[best][label] or 0) + count end
    filled[best].all = filled[best].all + #group.items
  end
  return part_of
end

return partition
