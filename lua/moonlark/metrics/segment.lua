--- Sections beside the truth, as mir_eval.segment (0.8) has it: boundaries, and what is alike, in frames of 0.1 s.
--- Sections are Annotations of segments. Metrics of labels bring both to the time from 0 to the end of the truth.
local core = require "moonlark_core".metrics
local events = require "moonlark.metrics.events"
local segments = require "moonlark.metrics.segments"

local segment = {}

local frame = 0.1 -- seconds

local function single(x) return (string.unpack("f", string.pack("f", x))) end

-- Both, from 0 to the end of the reference; nil where the reference is empty.
local function pair(reference, estimate)
  reference, estimate = segments.of("reference", reference), segments.of("estimate", estimate)
  events.warn_if_empty(reference, estimate, "segments")
  local stop = 0
  for _, item in ipairs(reference) do stop = math.max(stop, item[2]) end
  if #reference == 0 or stop <= 0 then return nil end
  return segments.fit(reference, stop), segments.fit(estimate, stop), stop
end

-- Where segments start and stop, each once, to 10 µs.
local function boundaries(list)
  local seen, times = {}, {}
  for _, item in ipairs(list) do
    for side = 1, 2 do
      local time = math.floor(item[side] * 1e5 + 0.5) / 1e5
      if not seen[time] then seen[time], times[#times + 1] = true, time end
    end
  end
  table.sort(times)
  return times
end

local function both_boundaries(reference, estimate, trim)
  local a, b = pair(reference, estimate)
  if not a then return {}, {} end
  a, b = boundaries(a), boundaries(b)
  if trim then a, b = table.move(a, 2, #a - 1, 1, {}), table.move(b, 2, #b - 1, 1, {}) end
  return a, b
end

--- F-measure, precision and recall of boundaries; 0 where there are none.
---     local f, precision, recall = metrics.segment.detection(truth, sections, 3)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@param window number?  seconds; default: 0.5
---@param trim boolean?  leave out the first and the last boundary, which are always right; default: false
---@return number f
---@return number precision
---@return number recall
function segment.detection(reference, estimate, window, trim)
  local a, b = both_boundaries(reference, estimate, trim)
  return events.score(a, b, window or 0.5)
end

local function median_distance(from, to)
  local list = {}
  for i, time in ipairs(from) do
    list[i] = math.huge
    for _, other in ipairs(to) do list[i] = math.min(list[i], math.abs(time - other)) end
  end
  table.sort(list)
  local half = #list // 2
  return #list % 2 == 1 and list[half + 1] or (list[half] + list[half + 1]) / 2
end

--- Median distance in seconds of each true boundary to the nearest found one, and of each found one to the nearest true
--- one; NaN where there are none.
---     local missed, wrong = metrics.segment.deviation(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@param trim boolean?  leave out the first and the last boundary; default: false
---@return number from_reference
---@return number from_estimate
function segment.deviation(reference, estimate, trim)
  local a, b = both_boundaries(reference, estimate, trim)
  if #a == 0 or #b == 0 then return 0 / 0, 0 / 0 end
  return median_distance(a, b), median_distance(b, a)
end

-- The label at each frame's time: of segments that meet there, the later one's. Times are single, as mir_eval's.
local function frames(list, count)
  local labels, at = {}, single(frame)
  for _, item in ipairs(list) do
    local i = math.max(0, math.floor(item[1] / frame) - 1)
    while i < count and single(i * at) < item[1] do i = i + 1 end
    while i < count and single(i * at) <= item[2] do labels[i + 1], i = item[3], i + 1 end
  end
  return labels
end

-- The labels of both in each frame.
local function both_frames(reference, estimate)
  local a, b, stop = pair(reference, estimate)
  if not a then return {}, {}, 0 end
  local count = math.floor(stop / frame)
  a, b = frames(a, count), frames(b, count)
  for i = 1, count do a[i], b[i] = a[i] or "none", b[i] or "none" end
  return a, b, count
end

-- Counts of frames: of each pair of labels, of the reference's, of the estimate's; and how many frames there are.
local function contingency(reference, estimate)
  local a, b, count = both_frames(reference, estimate)
  local cells, rows, columns = {}, {}, {}
  for i = 1, count do
    local x, y = a[i], b[i]
    local cell = #x .. ":" .. x .. y
    cells[cell], rows[x], columns[y] = (cells[cell] or 0) + 1, (rows[x] or 0) + 1, (columns[y] or 0) + 1
  end
  return cells, rows, columns, count
end

local function pairs_in(counts)
  local sum = 0
  for _, n in pairs(counts) do sum = sum + n * (n - 1) / 2 end
  return sum
end

--- Pairs of frames that are alike in both (Levy and Sandler, 2008): F-measure, precision and recall.
---     local f, precision, recall = metrics.segment.pairwise(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number f
---@return number precision
---@return number recall
function segment.pairwise(reference, estimate)
  local cells, rows, columns = contingency(reference, estimate)
  local alike, of_reference, of_estimate = pairs_in(cells), pairs_in(rows), pairs_in(columns)
  if of_reference == 0 or of_estimate == 0 then return 0, 0, 0 end
  local precision, recall = alike / of_estimate, alike / of_reference
  return events.f_measure(precision, recall), precision, recall
end

--- Rand index of the frames, and the one adjusted for chance (Hubert and Arabie, 1985); 0 of nothing.
---     local rand, adjusted = metrics.segment.rand(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number rand
---@return number adjusted
function segment.rand(reference, estimate)
  local cells, rows, columns, count = contingency(reference, estimate)
  if count < 2 then return 0, 0 end
  local all, alike, a, b = count * (count - 1) / 2, pairs_in(cells), pairs_in(rows), pairs_in(columns)
  local chance, most = a * b / all, (a + b) / 2
  return (all + 2 * alike - a - b) / all, most == chance and 1 or (alike - chance) / (most - chance)
end

local function entropy(counts, total)
  local sum, kinds = 0, 0
  for _, n in pairs(counts) do
    sum, kinds = sum - n / total * math.log(n / total, 2), kinds + 1
  end
  return sum, kinds
end

-- F-measure, over and under: 1 less the entropy that remains, over the greatest or, for the V-measure, the real one.
local function conditional(reference, estimate, marginal)
  local cells, rows, columns, count = contingency(reference, estimate)
  if count == 0 then return 0, 0, 0 end
  local joint, of_reference, of_estimate = entropy(cells, count), entropy(rows, count), entropy(columns, count)
  local _, kinds = entropy(rows, count)
  local _, guessed = entropy(columns, count)
  local from = marginal and of_reference or math.log(kinds, 2)
  local to = marginal and of_estimate or math.log(guessed, 2)
  local under = kinds > 1 and 1 - (joint - of_estimate) / from or 0
  local over = guessed > 1 and 1 - (joint - of_reference) / to or 0
  return events.f_measure(over, under), over, under
end

--- Normalised conditional entropy (Lukashevich, 2008): F-measure, over-segmentation and under-segmentation, 1 is best.
---     local f, over, under = metrics.segment.nce(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number f
---@return number over
---@return number under
function segment.nce(reference, estimate) return conditional(reference, estimate, false) end

--- V-measure (Rosenberg and Hirschberg, 2007) of the frames, its precision and recall.
---     local v, precision, recall = metrics.segment.v_measure(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number v
---@return number precision
---@return number recall
function segment.v_measure(reference, estimate) return conditional(reference, estimate, true) end

-- A number from 0 for each label, and how many there are.
local function ids_of(labels)
  local known, ids, count = {}, {}, 0
  for i, label in ipairs(labels) do
    if not known[label] then known[label], count = count, count + 1 end
    ids[i] = known[label]
  end
  return require "moonlark.torch".tensor(ids, {dtype = "int64"}), count
end

--- Mutual information of the frames in nats; less what chance gives, over the greater entropy less the same (Vinh et al.,
--- 2010); and over the geometric mean of the entropies (Strehl and Ghosh, 2002). metrics.ami and metrics.nmi divide by
--- the arithmetic mean, as scikit-learn does.
---     local information, adjusted, normalized = metrics.segment.mutual_information(truth, sections)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number nats
---@return number adjusted
---@return number normalized
function segment.mutual_information(reference, estimate)
  local cells, rows, columns, count = contingency(reference, estimate)
  if count == 0 then return 0, 0, 0 end
  local a, b = both_frames(reference, estimate)
  local ids, kinds = ids_of(a)
  local guesses, guessed = ids_of(b)
  if kinds == 1 and guessed == 1 then return 0, 1, 1 end
  local of_reference, of_estimate = entropy(rows, count) * math.log(2), entropy(columns, count) * math.log(2)
  local joint = entropy(cells, count) * math.log(2)
  local common = kinds > 1 and guessed > 1 and of_reference + of_estimate - joint or 0
  local by_chance = core.expected_information(ids, guesses)
  return common, (common - by_chance) / (math.max(of_reference, of_estimate) - by_chance),
    common / math.max(math.sqrt(of_reference * of_estimate), 1e-10)
end

--- All these figures of a song, by mir_eval's names.
---     print(metrics.segment.evaluate(truth, sections)["F-measure@3.0"])
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return table<string, number>
function segment.evaluate(reference, estimate)
  local made = {}
  local function note(names, ...) for i, name in ipairs(names) do made[name] = select(i, ...) end end
  for _, window in ipairs {"0.5", "3.0"} do
    note({"F-measure@" .. window, "Precision@" .. window, "Recall@" .. window},
      segment.detection(reference, estimate, tonumber(window)))
  end
  made["Ref-to-est deviation"], made["Est-to-ref deviation"] = segment.deviation(reference, estimate)
  note({"Pairwise F-measure", "Pairwise Precision", "Pairwise Recall"}, segment.pairwise(reference, estimate))
  made["Rand Index"], made["Adjusted Rand Index"] = segment.rand(reference, estimate)
  note({"Mutual Information", "Adjusted Mutual Information", "Normalized Mutual Information"},
    segment.mutual_information(reference, estimate))
  note({"NCE F-measure", "NCE Over", "NCE Under"}, segment.nce(reference, estimate))
  note({"V-measure", "V Precision", "V Recall"}, segment.v_measure(reference, estimate))
  return made
end

return segment
