--- Beats beside the truth, as mir_eval.beat (0.8) has it. Times are Annotations, lists or tensors of seconds; a metric of an
--- empty list is 0. mir_eval's figures of a song leave out the first 5 s of both: beat.evaluate and beat.trim do.
local events = require "moonlark.metrics.events"
local warning = require "moonlark.base.warning"

local beat = {}

local function pair(reference, estimate)
  reference, estimate = events.times("reference", reference), events.times("estimate", estimate)
  events.warn_if_empty(reference, estimate, "beats")
  return reference, estimate
end

-- Whether both have two beats, so that there are intervals; warns where one has but one.
local function have_intervals(reference, estimate)
  if #reference == 1 then warning.say("one-beat", "the reference has one beat only, so there is no interval") end
  if #estimate == 1 then warning.say("one-beat", "the estimate has one beat only, so there is no interval") end
  return #reference > 1 and #estimate > 1
end

--- The times from `from` seconds on.
---     local late = metrics.beat.trim(beats)
---@param times moonlark.Annotation|number[]
---@param from number?  default: 5
---@return number[]
function beat.trim(times, from)
  local kept = {}
  for _, time in ipairs(events.times("times", times)) do if time >= (from or 5) then kept[#kept + 1] = time end end
  return kept
end

--- F-measure of beats within 70 ms (Dixon, 2007).
---     print(metrics.beat.f_measure(truth, beats))
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@param window number?  seconds; default: 0.07
---@return number
function beat.f_measure(reference, estimate, window)
  reference, estimate = pair(reference, estimate)
  return (events.score(reference, estimate, window or 0.07))
end

-- Every n-th beat from the first-th on.
local function every(times, n, first)
  local kept = {}
  for i = first, #times, n do kept[#kept + 1] = times[i] end
  return kept
end

-- The beats; those between them; both; every other beat, from the first and from the second.
local function variations(times)
  local double = {}
  for i, time in ipairs(times) do
    double[#double + 1] = time
    if times[i + 1] then double[#double + 1] = time + 0.5 * (times[i + 1] - time) end
  end
  return {times, every(double, 2, 2), double, every(times, 2, 1), every(times, 2, 2)}
end

-- Index of the nearest time, and how far it lies away.
local function nearest(times, to)
  local best, index = math.huge, 1
  for i, time in ipairs(times) do
    local d = math.abs(to - time)
    if d < best then best, index = d, i end
  end
  return index, best
end

--- Cemgil's score: beats weighed by a Gaussian of 40 ms (Cemgil et al., 2000); and the best over half and double tempo and
--- the off-beat.
---     local score, best = metrics.beat.cemgil(truth, beats)
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@param sigma number?  seconds; default: 0.04
---@return number score
---@return number best
function beat.cemgil(reference, estimate, sigma)
  reference, estimate = pair(reference, estimate)
  sigma = sigma or 0.04
  if #reference == 0 or #estimate == 0 then return 0, 0 end
  local first, best = nil, -math.huge
  for _, times in ipairs(variations(reference)) do
    local sum = 0
    for _, time in ipairs(times) do
      local _, d = nearest(estimate, time)
      sum = sum + math.exp(-d ^ 2 / (2 * sigma ^ 2))
    end
    local score = sum / (0.5 * (#estimate + #times))
    first, best = first or score, math.max(best, score)
  end
  return first, best
end

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local half = #sorted // 2
  return #sorted % 2 == 1 and sorted[half + 1] or (sorted[half] + sorted[half + 1]) / 2
end

-- Hundredths of a second in which beats lie, each once, ascending.
local function hundredths(times, offset)
  local list = {}
  for _, time in ipairs(times) do
    local at = math.ceil((time - offset) * 100)
    if list[#list] ~= at then list[#list + 1] = at end
  end
  return list
end

-- Half to even, as numpy rounds.
local function round(x)
  local below = math.floor(x)
  local rest = x - below
  if rest > 0.5 or rest == 0.5 and below % 2 == 1 then return below + 1 end
  return below
end

-- How far the only estimated beat around true beat n lies from it, in half intervals to its neighbour, -1..1; 1 where there
-- is none or several.
local function error_at(reference, n, estimate)
  local before, after = 0.5 * (reference[n] - reference[n - 1]), 0.5 * (reference[n + 1] - reference[n])
  local found
  for _, time in ipairs(estimate) do
    if time >= reference[n] + after then break end
    if time >= reference[n] - before then
      if found then return 1 end
      found = time - reference[n]
    end
  end
  if not found then return 1 end
  return found / (found < 0 and before or after)
end

-- Whether errors are small and steady: mean magnitude and deviation both below 0.2.
local function is_steady(errors)
  if #errors < 2 then return false end
  local sum, magnitude, squares = 0, 0, 0
  for _, x in ipairs(errors) do sum, magnitude = sum + x, magnitude + math.abs(x) end
  for _, x in ipairs(errors) do squares = squares + (x - sum / #errors) ^ 2 end
  return magnitude / #errors < 0.2 and math.sqrt(squares / (#errors - 1)) < 0.2
end

-- The longest stretch between two wrong beats; of several the first.
local function longest_gap(wrong)
  local best, at = 0, 1
  for i = 1, #wrong - 1 do if wrong[i + 1] - wrong[i] > best then best, at = wrong[i + 1] - wrong[i], i end end
  return best, at
end

--- Goto's score: 1 where a quarter of the song's beats in a row are right and steady, else 0 (Goto and Muraoka, 1997).
---     print(metrics.beat.goto_score(truth, beats))
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@return integer
function beat.goto_score(reference, estimate)
  reference, estimate = pair(reference, estimate)
  if #reference == 0 or #estimate == 0 then return 0 end
  local errors, wrong = {}, {}
  for n = 1, #reference do
    errors[n] = n > 1 and n < #reference and error_at(reference, n, estimate) or 1
    if math.abs(errors[n]) > 0.35 then wrong[#wrong + 1] = n end
  end
  if #wrong < 3 then -- the first and the last beat only
    return is_steady(table.move(errors, wrong[1] + 1, wrong[#wrong] - 2, 1, {})) and 1 or 0
  end
  local length, at = longest_gap(wrong)
  if length - 1 <= 0.25 * (#reference - 2) then return 0 end
  return is_steady(table.move(errors, wrong[at], wrong[at + 1], 1, {})) and 1 or 0
end

--- P-score: how many beats lie within 20 % of the median interval (McKinney et al., 2007).
---     print(metrics.beat.p_score(truth, beats))
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@param share number?  of the median interval; default: 0.2
---@return number
function beat.p_score(reference, estimate, share)
  reference, estimate = pair(reference, estimate)
  if not have_intervals(reference, estimate) then return 0 end
  local offset = math.min(reference[1], estimate[1])
  local a, b, intervals = hundredths(reference, offset), hundredths(estimate, offset), {}
  for i = 2, #a do intervals[i - 1] = a[i] - a[i - 1] end
  if #intervals == 0 then return 0 end
  local window, count, from = round((share or 0.2) * median(intervals)), 0, 1
  for _, at in ipairs(a) do
    while b[from] and b[from] < at - window do from = from + 1 end
    local j = from
    while b[j] and b[j] <= at + window do count, j = count + 1, j + 1 end
  end
  return count / math.max(#reference, #estimate)
end

-- Whether beat m of the estimate goes on with the reference: near its nearest beat, with an interval like its own. The
-- first beats are judged by the interval after them, where there is one.
local function goes_on(reference, estimate, m, index, distance, phase_limit, period_limit)
  local function interval(times, i, ahead)
    if ahead and times[i + 1] then return times[i + 1] - times[i] end
    if not times[i - 1] then return 0 end
    return times[i] - times[i - 1]
  end
  local ahead = m == 1 or index == 1
  local of_reference, of_estimate = interval(reference, index, ahead), interval(estimate, m, ahead)
  if of_reference == 0 then return distance == 0 and of_estimate == 0 end
  return distance / of_reference < phase_limit and math.abs(1 - of_estimate / of_reference) < period_limit
end

--- Continuity (Hainsworth, 2004; Klapuri et al., 2006): the share of the longest run of right beats and of all right beats,
--- at the right tempo (CMLc, CMLt) and at the best of half, double and off-beat (AMLc, AMLt).
---     local cmlc, cmlt, amlc, amlt = metrics.beat.continuity(truth, beats)
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@return number CMLc
---@return number CMLt
---@return number AMLc
---@return number AMLt
function beat.continuity(reference, estimate)
  reference, estimate = pair(reference, estimate)
  if not have_intervals(reference, estimate) then return 0, 0, 0, 0 end
  local first, best_run, best_total = nil, 0, 0
  for _, times in ipairs(variations(reference)) do
    local used, run, longest, total = {}, 0, 0, 0
    for m, time in ipairs(estimate) do
      local index, distance = nearest(times, time)
      if not used[index] and goes_on(times, estimate, m, index, distance, 0.175, 0.175) then
        used[index], run, total = true, run + 1, total + 1
        longest = math.max(longest, run)
      else
        run = 0
      end
    end
    local n = math.max(#times, #estimate)
    first = first or {longest / n, total / n}
    best_run, best_total = math.max(best_run, longest / n), math.max(best_total, total / n)
  end
  return first[1], first[2], best_run, best_total
end

-- How far each beat lies from the nearest of `times`, in intervals, -0.5..0.5; its entropy over bins.
local function entropy(times, beats, bins)
  local counts = {}
  for i = 1, bins do counts[i] = 0 end
  for _, beat_time in ipairs(beats) do
    local index = nearest(times, beat_time)
    local off, interval = beat_time - times[index], nil
    if index == #times then
      interval = 0.5 * (times[index] - times[index - 1])
    elseif off < 0 and index > 1 then
      interval = 0.5 * (times[index] - times[index - 1])
    elseif index == 1 and off < 0 then
      interval = 0.5 * (times[1] - times[#times])
    else
      interval = 0.5 * (times[index + 1] - times[index])
    end
    local x = 0.5 * off / interval
    x = -((-(x + 0.5)) % 1) + 0.5
    local bin = math.min(bins - 1, math.floor((x + 0.5) * bins))
    if x < bin * (1 / bins) - 0.5 then bin = bin - 1 end -- on an edge, as numpy rounds it
    if bin < bins - 1 and x >= (bin + 1) * (1 / bins) - 0.5 then bin = bin + 1 end
    counts[bin + 1] = counts[bin + 1] + 1
  end
  local sum = 0
  for _, count in ipairs(counts) do
    if count > 0 then sum = sum - count / #beats * math.log(count / #beats, 2) end
  end
  return sum
end

--- Information gain: how far the histogram of errors is from a flat one (Davies et al., 2011), 0..1.
---     print(metrics.beat.information_gain(truth, beats))
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@param bins integer?  default: 41
---@return number
function beat.information_gain(reference, estimate, bins)
  reference, estimate = pair(reference, estimate)
  bins = bins or 41
  if not have_intervals(reference, estimate) then return 0 end
  local norm = math.log(bins, 2)
  return (norm - math.max(entropy(reference, estimate, bins), entropy(estimate, reference, bins))) / norm
end

--- All figures of a song, without its first 5 s, by mir_eval's names.
---     print(metrics.beat.evaluate(truth, beats)["F-measure"])
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@return table<string, number>
function beat.evaluate(reference, estimate)
  reference, estimate = beat.trim(reference), beat.trim(estimate)
  local cemgil, best = beat.cemgil(reference, estimate)
  local cmlc, cmlt, amlc, amlt = beat.continuity(reference, estimate)
  return {
    ["F-measure"] = beat.f_measure(reference, estimate), ["Cemgil"] = cemgil, ["Cemgil Best Metric Level"] = best,
    ["Goto"] = beat.goto_score(reference, estimate),
    ["P-score"] = beat.p_score(reference, estimate), ["Correct Metric Level Continuous"] = cmlc,
    ["Correct Metric Level Total"] = cmlt, ["Any Metric Level Continuous"] = amlc, ["Any Metric Level Total"] = amlt,
    ["Information gain"] = beat.information_gain(reference, estimate),
  }
end

return beat
