--- Sections: where a song goes over into something else, and which of its parts are the same.
local beats = require "moonlark.music.rhythm.beats"
local core = require "moonlark_core".music
local frontend = require "moonlark.music.hearing.frontend"
local groups = require "moonlark.music.form.groups"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"
local spectral = require "moonlark.music.form.spectral_sections"
local sync = require "moonlark.feature".sync
require "moonlark.music.hearing.chroma" -- defines the curve

---@class moonlark.music
local sections = {}

local parameters = options.describe("music.sections", {
  method = options.choice({"novelty", "spectral"}, "novelty", "how boundaries are found"),
  width = options.integer(24, {least = 2, unit = "beats"}, "how far around a beat is compared with what comes after"),
  least = options.integer(8, {least = 1, unit = "beats"}, "shortest section"),
  threshold = options.number(0.05, {least = 0, most = 1}, "how far a boundary must stand out"),
  alike = options.number(0.55, {least = 0}, "how far two sections with one label may differ, of the usual difference"),
})

local coefficients = 20
local most_beats = 1800 -- of a longer song every other beat, or fewer, is compared: the memory is bounded

-- Cosine transform of the log-mel, 10 frames a second.
heard.curve("timbre", function(piece)
  local torch = require "moonlark.torch"
  local mel = frontend.rhythm(piece)
  local data = mel.data
  if data:size(1) < 5 then data = data:constant_pad_nd({0, 5 - data:size(1)}, 0) end
  local bands = torch.arange(80, {dtype = "float32"}) + 0.5
  local angle = torch.arange(coefficients, {dtype = "float32"}):unsqueeze(1) * bands:unsqueeze(0) * (math.pi / 80)
  local pooled = data:unsqueeze(0):avg_pool1d({5}, {5}):squeeze(0)
  return mel:with {data = angle:cos():matmul(pooled) * math.sqrt(2 / 80), rate = 10, kind = "timbre", unit = false}
end)

-- Times at which the song is compared: the beats, or twice a second where there are none.
local function grid_of(h)
  local times, seconds = beats.beats(h).times, h:seconds()
  if #times < 8 then
    times = {}
    for i = 1, math.floor(2 * seconds) - 1 do times[i] = i / 2 end
  end
  local step = math.ceil(#times / most_beats)
  if step <= 1 then return times end
  local kept = {}
  for i = 1, #times, step do kept[#kept + 1] = times[i] end
  return kept
end

local function standardised(x)
  local centred = x - x:mean({1}, {keepdim = true})
  return centred / (x:std({1}, true, true) + 1e-3)
end

-- Squared distances of all columns to all.
local function distances(x)
  local squares = x:pow(2):sum {0}
  return (squares:unsqueeze(0) + squares:unsqueeze(1)):sub_(x:t():matmul(x):mul_(2)):clamp_min_(0)
end

local function likeness(x)
  local torch = require "moonlark.torch"
  return torch.scope(function()
    local d = distances(x)
    return d:div_(-(d:median():item() + 1e-9)):exp_()
  end)
end

-- How much the beats before differ from those after each beat (Foote, 2000): a checkerboard of Gaussian weights along the
-- diagonal.
local function novelty(s, width)
  local torch = require "moonlark.torch"
  local at = torch.arange(2 * width, {dtype = "float32"}) - (width - 0.5)
  local row = (at:pow(2) * (-0.5 / (0.5 * width) ^ 2)):exp() * at:sign()
  local n, values = s:size(0), {}
  for i = 0, n - 1 do
    local low, high = math.max(0, i - width), math.min(n, i + width)
    local weights = row:narrow(0, low - (i - width), high - low)
    -- Beside the ends less is compared: it counts as much as there is.
    values[i + 1] = weights:matmul(s:narrow(0, low, high - low):narrow(1, low, high - low)):matmul(weights):item()
  end
  local list = torch.tensor(values):clamp_min(0)
  return list / (list:max():item() + 1e-9)
end

-- Columns at which sections begin: the largest within `least` on both sides, above what is usual around.
local function boundaries(curve, least, threshold)
  local values, found = curve:totable(), {}
  local function around(i, reach, f)
    local result
    for j = math.max(1, i - reach), math.min(#values, i + reach) do result = f(result, values[j]) end
    return result
  end
  for i = 4, #values - 3 do
    local sum, count = 0, 0
    for j = math.max(1, i - 2 * least), math.min(#values, i + 2 * least) do sum, count = sum + values[j], count + 1 end
    local highest = around(i, least, function(a, b) return math.max(a or b, b) end)
    if values[i] == highest and values[i] > sum / count + threshold and i - (found[#found] or -least) >= least then
      found[#found + 1] = i - 1
    end
  end
  return found
end

-- Where sections begin, by novelty at two widths: for long sections, and for those half as long.
local function by_novelty(of_chroma, of_timbre, o)
  local curve = 0
  for _, width in ipairs {o.width, math.max(2, o.width // 2)} do
    curve = novelty(of_chroma, width) + novelty(of_timbre, width) + curve
  end
  local cuts = boundaries(curve / (curve:max():item() + 1e-9), o.least, o.threshold)
  table.insert(cuts, 1, 0)
  return cuts
end

local function label(number)
  local letter = string.char(65 + (number - 1) % 26)
  return number > 26 and letter .. (number - 1) // 26 or letter
end

-- A letter for each stretch between two cuts; those that are alike have the same one, in order of their first coming.
-- Of two stretches the shorter is compared with the longer where it fits best.
local function labels_of(x, cuts, alike)
  local torch = require "moonlark.torch"
  local rows = core.stretch_distances(x:contiguous(), torch.tensor(cuts, {dtype = "int64"})):totable()
  local all = {}
  for i, row in ipairs(rows) do table.move(row, 1, i - 1, #all + 1, all) end
  table.sort(all)
  local groups_of = groups(rows, alike * (all[(#all + 1) // 2] or 0))
  local names, labels, count = {}, {}, 0
  for i, group in ipairs(groups_of) do
    if not names[group] then
      count = count + 1
      names[group] = label(count)
    end
    labels[i] = names[group]
  end
  return labels
end

-- Items from boundaries in columns and the columns' times.
local function items_of(cuts, times, labels)
  local items = {}
  for i = 1, #cuts - 1 do
    items[i] = {start = times[cuts[i] + 1], stop = times[cuts[i + 1] + 1], label = labels[i]}
  end
  items[1].start = 0
  return items
end

--- Sections: an Annotation of segments that covers the song, with letters as labels: what has the same letter is the same
--- music (A B A). `sections.similarity`, a Signal of beats × beats (0..1), shows what resembles what.
---
--- Source: novelty of Foote (2000) on the self-similarity of chroma and timbre by beats; sections are compared by sliding
--- the shorter one along the longer, and put together by average linkage. method = "spectral" finds boundaries by the
--- eigenvectors of a graph of repetitions (McFee and Ellis, 2014), which hears a form of many repetitions at the cost of
--- where it changes. Boundaries lie on beats. Errors: as of audio.load.
---     print(music.sections "song.mp3")
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.sections.Options?
---@return moonlark.Annotation
function sections.sections(song, given)
  local torch = require "moonlark.torch"
  local o, h = parameters:read(given), heard.of(song)
  return h:get(("sections %s %d %d %g %g"):format(o.method, o.width, o.least, o.threshold, o.alike), function()
    h:prepare {"flux", "chroma", "timbre"}
    local grid, seconds = grid_of(h), h:seconds()
    local function whole() return h:annotation("sections", {{start = 0, stop = seconds, label = "A"}}) end
    if #grid < math.max(2 * o.least, o.method == "spectral" and 24 or 0) then return whole() end
    local chroma, times = sync(h:curve "chroma", grid)
    chroma = chroma / (chroma:norm(2, {0}, {keepdim = true}) + 1e-6)
    local timbre = sync(h:curve "timbre", grid)
    local n = math.min(chroma:size(1), timbre:size(1))
    chroma, timbre = standardised(chroma:narrow(1, 0, n)), standardised(timbre:narrow(1, 0, n))
    local of_chroma, of_timbre = likeness(chroma), likeness(timbre)
    local cuts
    if o.method == "spectral" then
      cuts = spectral(chroma, timbre, seconds, o.least)
    else
      cuts = by_novelty(of_chroma, of_timbre, o)
    end
    cuts[#cuts + 1] = n
    local both = torch.cat({chroma * math.sqrt(3 / 12), timbre * math.sqrt(1 / coefficients)}, 0)
    times[n + 1] = seconds
    local items = items_of(cuts, times, labels_of(both, cuts, o.alike))
    items.similarity = signal.new {data = of_chroma:add_(of_timbre):div_(2), rate = n / seconds, kind = "similarity"}
    return h:annotation("sections", items)
  end)
end

return sections
