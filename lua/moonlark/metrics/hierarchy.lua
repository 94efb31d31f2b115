--- Sections within sections beside the truth, as mir_eval.hierarchy (0.8) has it. A hierarchy is a list of Annotations of
--- segments, from the coarsest level to the finest. Which frames of 0.1 s lie together, and how deep, is compared: for each
--- frame, how many of the pairs of others that the truth puts in an order come in the same order (McFee et al., 2017).
local events = require "moonlark.metrics.events"
local segments = require "moonlark.metrics.segments"
local show = require "moonlark.base.show"

local hierarchy = {}

local frame = 0.1 -- seconds

local function index_of(time) return math.floor((time - time % frame) / frame) end

local function levels_of(name, list)
  if type(list) ~= "table" or #list == 0 then
    show.fail("%s must be a list of Annotations, from coarse to fine, got %s", name, type(list))
  end
  local levels = {}
  for i, one in ipairs(list) do levels[i] = segments.of(name, one) end
  return levels
end

-- For each level, the segment (or, with labels, the label) that each frame lies in.
local function frames_of(levels, stop, labelled)
  local made = {}
  for k, list in ipairs(levels) do
    made[k] = {}
    for i, one in ipairs(segments.fit(list, stop)) do
      for t = index_of(one[1]), index_of(one[2]) - 1 do made[k][t] = labelled and one[3] or i end
    end
  end
  return made
end

local function both(reference, estimate, labelled)
  local a, b, stop = levels_of("reference", reference), levels_of("estimate", estimate), 0
  for _, list in ipairs(a) do
    for _, one in ipairs(list) do stop = math.max(stop, one[2]) end
  end
  return frames_of(a, stop, labelled), frames_of(b, stop, labelled), index_of(stop)
end

-- Runs of frames in which no level of either changes: {first, frame after the last}.
local function runs_of(a, b, n)
  local runs = {}
  for t = 0, n - 1 do
    local same = t > 0
    for _, levels in ipairs {a, b} do
      for _, level in ipairs(levels) do same = same and level[t] == level[t - 1] end
    end
    if same then runs[#runs][2] = t + 1 else runs[#runs + 1] = {t, t + 1} end
  end
  return runs
end

-- The deepest level in which two frames lie together; 0 for none.
local function depth(levels, i, j)
  for k = #levels, 1, -1 do
    if levels[k][i] ~= nil and levels[k][i] == levels[k][j] then return k end
  end
  return 0
end

-- Of frames counted by their depths x and y: the share of the pairs of different x that y does not put in the same order,
-- taken from 1; nil where there is no such pair. Without `transitive` only neighbouring depths make pairs.
local function agreement(counts, most_x, most_y, transitive)
  local pairs_of, inverted = 0, 0
  for low = 0, most_x do
    for high = low + 1, transitive and most_x or math.min(low + 1, most_x) do
      local of_low, of_high, above = 0, 0, 0
      for y = most_y, 0, -1 do
        local n = counts(high, y)
        above, of_high = above + counts(low, y), of_high + n
        inverted = inverted + n * above
      end
      of_low = above
      pairs_of = pairs_of + of_low * of_high
    end
  end
  return pairs_of > 0 and 1 - inverted / pairs_of or nil
end

-- Mean agreement over the frames, of the truth's order with the estimate's (recall) and the other way (precision).
local function compared(a, b, n, window, transitive)
  local runs, sums = runs_of(a, b, n), {{0, 0}, {0, 0}}
  local function judge(run, q, weight)
    local cells, from, to = {}, window and math.max(0, q - window) or 0, window and math.min(n, q + window) or n
    for _, other in ipairs(runs) do
      local frames = math.max(0, math.min(other[2], to) - math.max(other[1], from)) - (other == run and 1 or 0)
      if frames > 0 then
        local cell = depth(a, q, other[1]) * 256 + depth(b, q, other[1])
        cells[cell] = (cells[cell] or 0) + frames
      end
    end
    local both_ways = {agreement(function(x, y) return cells[x * 256 + y] or 0 end, #a, #b, transitive),
      agreement(function(x, y) return cells[y * 256 + x] or 0 end, #b, #a, transitive)}
    for way = 1, 2 do
      local found = both_ways[way]
      if found then sums[way] = {sums[way][1] + weight * found, sums[way][2] + weight} end
    end
  end
  for _, run in ipairs(runs) do
    if window then
      for q = run[1], run[2] - 1 do judge(run, q, 1) end
    else
      judge(run, run[1], run[2] - run[1])
    end
  end
  local recall, precision = sums[1], sums[2]
  recall = recall[2] > 0 and recall[1] / recall[2] or 0
  precision = precision[2] > 0 and precision[1] / precision[2] or 0
  return events.f_measure(precision, recall), precision, recall
end

--- T-measure: which frames lie in a segment together, and how deep, whatever the labels (McFee, Nieto and Bello, 2015).
---
--- Errors: no list of annotations.
---     local f, precision, recall = metrics.hierarchy.t_measure({truth, fine_truth}, {sections, fine_sections})
---@param reference moonlark.Annotation[]  from the coarsest level to the finest
---@param estimate moonlark.Annotation[]
---@param transitive boolean?  compare all levels, not neighbouring ones alone; default: false
---@param window number?  seconds around a frame that it is compared with; default: 15
---@return number f
---@return number precision
---@return number recall
function hierarchy.t_measure(reference, estimate, transitive, window)
  local a, b, n = both(reference, estimate, false)
  return compared(a, b, n, index_of(window or 15), transitive)
end

--- L-measure: which frames have the same label, and how deep, over the whole song (McFee et al., 2017).
---
--- Errors: no list of annotations.
---     local f, precision, recall = metrics.hierarchy.l_measure({truth, fine_truth}, {sections, fine_sections})
---@param reference moonlark.Annotation[]
---@param estimate moonlark.Annotation[]
---@return number f
---@return number precision
---@return number recall
function hierarchy.l_measure(reference, estimate)
  local a, b, n = both(reference, estimate, true)
  return compared(a, b, n, nil, true)
end

--- All figures of a song, by mir_eval's names.
---     print(metrics.hierarchy.evaluate({truth, fine_truth}, {sections})["L-Measure"])
---@param reference moonlark.Annotation[]
---@param estimate moonlark.Annotation[]
---@return table<string, number>
function hierarchy.evaluate(reference, estimate)
  local made = {}
  local function note(letter, after, f, precision, recall)
    made[letter .. "-Measure" .. after], made[letter .. "-Precision" .. after] = f, precision
    made[letter .. "-Recall" .. after] = recall
  end
  note("T", " reduced", hierarchy.t_measure(reference, estimate))
  note("T", " full", hierarchy.t_measure(reference, estimate, true))
  note("L", "", hierarchy.l_measure(reference, estimate))
  return made
end

return hierarchy
