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

-- A part that would get nothing of a class gets one from the part that has most, as long as there is one for each.
local function give_everyone_one(sizes, n, fractions, owed)
  local parts = 0
  for _, fraction in ipairs(fractions) do parts = parts + (fraction > 0 and 1 or 0) end
  for part, fraction in ipairs(n >= parts and fractions or {}) do
    if fraction > 0 and sizes[part] == 0 then
      local most = part
      for other, size in ipairs(sizes) do most = size > sizes[most] and other or most end
      sizes[part], sizes[most] = 1, sizes[most] - 1
      owed[part], owed[most] = owed[part] - 1, owed[most] + 1
    end
  end
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
  give_everyone_one(sizes, n, fractions, owed)
  return sizes
end

--- Deals items to parts, class by class: the part (from 1) of each, by their labels and the parts' fractions, which sum
--- to 1. A class's share of a part is its quota rounded down or up, and one at least where there is one for each part.
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

-- The labels of an item: one, or the list of its tags.
local function each_label(label) return type(label) == "table" and label or {label} end

-- Each group with its items and how many of each class it holds; large groups first, equal ones in random order.
local function collect_groups(labels, groups, random)
  local list, by_name = {}, {}
  for i, name in ipairs(groups) do
    local group = by_name[name] or {items = {}, counts = {}}
    if not by_name[name] then by_name[name], list[#list + 1] = group, group end
    table.insert(group.items, i)
    for _, label in ipairs(each_label(labels[i])) do group.counts[label] = (group.counts[label] or 0) + 1 end
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
--- first, each to the part that would then be fullest the least, counted in the classes that the group holds. A label
--- is one class, or a list of tags.
function partition.grouped(labels, groups, fractions, seed)
  local totals = {}
  for _, item in ipairs(labels) do
    for _, label in ipairs(each_label(item)) do totals[label] = (totals[label] or 0) + 1 end
  end
  local part_of, filled = {}, {}
  for part = 1, #fractions do filled[part] = {all = 0} end

  local function fullness(part, group)
    if fractions[part] == 0 then return math.huge end
    local sum, counted, size = 0, 0, #group.items
    for label, count in pairs(group.counts) do
      sum = sum + count * ((filled[part][label] or 0) + count) / (totals[label] * fractions[part])
      counted = counted + count
    end
    -- The overall size decides between parts that are equally full of the group's own classes.
    return sum / math.max(counted, 1) + 1e-3 * (filled[part].all + size) / (#labels * fractions[part])
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

-- Which of n parts has the most by the first list; of equal ones by the second, then by chance.
local function best_part(n, random, ...)
  local best = {}
  for part = 1, n do best[part] = part end
  for _, value in ipairs {...} do
    local most, kept = -math.huge, {}
    for _, part in ipairs(best) do
      if value[part] > most + 1e-9 then most, kept = value[part], {} end
      if value[part] > most - 1e-9 then kept[#kept + 1] = part end
    end
    best = kept
  end
  return best[#best > 1 and random(#best) + 1 or 1]
end

-- Of each tag the items that have it, and how many each part still wants of it; tags in the order in which they appear.
local function collect_tags(items, fractions)
  local tags, order = {}, {}
  for i, list in ipairs(items) do
    for _, name in ipairs(list) do
      if not tags[name] then
        tags[name] = {items = {}, wanted = {}, left = 0}
        order[#order + 1] = tags[name]
      end
      table.insert(tags[name].items, i)
      tags[name].left = tags[name].left + 1
    end
  end
  for _, tag in ipairs(order) do
    tag.all = tag.left
    for part, share in ipairs(fractions) do tag.wanted[part] = tag.left * share end
  end
  return tags, order
end

local function rarest(order)
  local found
  for _, tag in ipairs(order) do
    if tag.left > 0 and (not found or tag.left < found.left) then found = tag end
  end
  return found
end

--- Deals out items that have any number of tags: iterative stratification (Sechidis et al. 2011). The tag that the
--- fewest items left have is dealt out first, each item to the part that still wants the most of that tag; between
--- equal ones to that which wants the most of the item's other tags; at the end items without tags. Gives the part
--- (from 1) of each.
---@param items string[][]  the tags of each item
---@param fractions number[]  of the parts; they sum to 1
---@param seed integer
---@return integer[]
function partition.iterative(items, fractions, seed)
  local random, part_of, wanted = partition.random(seed), {}, {}
  for part, share in ipairs(fractions) do wanted[part] = #items * share end
  local tags, order = collect_tags(items, fractions)
  -- What each part wants of all tags of an item, in shares of these.
  local function needs_of(item)
    local needs = {}
    for part = 1, #fractions do
      needs[part] = 0
      for _, name in ipairs(item) do needs[part] = needs[part] + tags[name].wanted[part] / tags[name].all end
    end
    return needs
  end
  local function deal(i, tag)
    local part = best_part(#fractions, random, tag and tag.wanted or wanted, needs_of(items[i]), wanted)
    part_of[i], wanted[part] = part, wanted[part] - 1
    for _, name in ipairs(items[i]) do
      tags[name].left, tags[name].wanted[part] = tags[name].left - 1, tags[name].wanted[part] - 1
    end
  end
  local tag = rarest(order)
  while tag do
    for _, i in ipairs(partition.shuffle(tag.items, random)) do
      if not part_of[i] then deal(i, tag) end
    end
    tag = rarest(order)
  end
  local rest = {}
  for i = 1, #items do rest[i] = i end
  for _, i in ipairs(partition.shuffle(rest, random)) do
    if not part_of[i] then deal(i) end
  end
  return part_of
end

--- Labels of numbers for partition.stratified: which of at most ten bins of equally many numbers each is in, so that
--- all parts get small and large ones.
---@param values number[]
---@return integer[]
function partition.bins(values)
  local order, labels = {}, {}
  for i = 1, #values do order[i] = i end
  table.sort(order, function(a, b)
    if values[a] ~= values[b] then return values[a] < values[b] end
    return a < b
  end)
  local n = math.max(1, math.min(10, #values // 5))
  for rank, i in ipairs(order) do labels[i] = (rank - 1) * n // #values end
  return labels
end

return partition
