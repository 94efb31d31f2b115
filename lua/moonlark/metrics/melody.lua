--- Melodies beside the truth, as mir_eval.melody (0.8) has it: when there is a voice, and which pitch it has.
--- A melody is a Signal of Hz such as feature.pyin gives, or {times = seconds, hz = numbers}. 0, NaN and negative numbers have
--- no voice; a negative one still says a pitch.
local events = require "moonlark.metrics.events"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local melody = {}

local lowest = 10 -- Hz, from which cents are counted

-- Times, cents (0 for none) and voicing (0 or 1), from time 0 on.
local function read(name, value)
  local times, hz
  if signal.is(value) then
    times, hz = value:times():totable(), value.data:double():flatten():totable()
  elseif type(value) == "table" and type(value.times) == "table" and type(value.hz) == "table" then
    times, hz = value.times, value.hz
  else
    show.fail("%s must be a Signal of Hz or {times, hz}, got %s", name, type(value))
  end
  if #times ~= #hz then show.fail("%s must have as many times as hz, got %d and %d", name, #times, #hz) end
  local made = {times = {}, cents = {}, voiced = {}}
  local function put(time, x)
    if x ~= x then x = 0 end
    local i = #made.times + 1
    made.times[i], made.cents[i] = time, x ~= 0 and 1200 * math.log(math.abs(x) / lowest, 2) or 0
    made.voiced[i] = x > 0 and 1 or 0
  end
  if times[1] and times[1] > 0 then put(0, hz[1]) end
  for i, time in ipairs(times) do
    if i > 1 and not (time > times[i - 1]) then show.fail("%s must have times that ascend, got %g as number %d", name, time, i) end
    put(time, hz[i])
  end
  return made
end

local function same_times(a, b)
  if #a ~= #b then return false end
  for i, time in ipairs(a) do if math.abs(time - b[i]) > 1e-8 + 1e-5 * math.abs(b[i]) then return false end end
  return true
end

-- Times that are equal but for their last digits count as equal.
local function rounded(times)
  local made = {}
  for i, time in ipairs(times) do made[i] = math.floor(time * 1e10 + 0.5) / 1e10 end
  return made
end

-- The melody at other times: cents lie on straight lines, where the frame before has any; voices last to the next frame.
local function at_times(made, times)
  if same_times(made.times, times) then return made end
  local from, wanted = rounded(made.times), rounded(times)
  local cents, voiced = table.move(made.cents, 1, #from, 1, {}), table.move(made.voiced, 1, #from, 1, {})
  if wanted[#wanted] > from[#from] then
    from[#from + 1], cents[#cents + 1], voiced[#voiced + 1] = wanted[#wanted], 0, 0
  end
  local held = {cents[1]}
  for i = 2, #cents do held[i] = cents[i] == 0 and held[i - 1] or cents[i] end
  local out, i = {times = times, cents = {}, voiced = {}}, 1
  for k, time in ipairs(wanted) do
    while from[i + 1] and from[i + 1] <= time do i = i + 1 end
    local share = from[i + 1] and (time - from[i]) / (from[i + 1] - from[i]) or 0
    local value = from[i + 1] and held[i] + share * (held[i + 1] - held[i]) or held[i]
    out.cents[k], out.voiced[k] = cents[i] ~= 0 and value or 0, voiced[i]
  end
  return out
end

local function share(part, whole, otherwise) return whole > 0 and part / whole or otherwise end

--- All figures of a song, by mir_eval's names: of frames with a voice, how many are said to have one, and of those without;
--- and within `cents`, how many have the right pitch, the right pitch but for octaves, and how many frames are right in all.
---     local figures = metrics.melody.evaluate(truth, (feature.pyin(song)))
---@param reference moonlark.Signal|{times: number[], hz: number[]}
---@param estimate moonlark.Signal|{times: number[], hz: number[]}
---@param cents number?  default: 50
---@return table<string, number>
function melody.evaluate(reference, estimate, cents)
  local a, b = read("reference", reference), read("estimate", estimate)
  cents = cents or 50
  events.warn_if_empty(a.times, b.times, "frames")
  if #a.times == 0 or #b.times == 0 then
    return {["Voicing Recall"] = 0, ["Voicing False Alarm"] = 0, ["Raw Pitch Accuracy"] = 0, ["Raw Chroma Accuracy"] = 0,
      ["Overall Accuracy"] = 0}
  end
  b = at_times(b, a.times)
  local voiced, silent, recalled, alarms, pitch, chroma, right = 0, 0, 0, 0, 0, 0, 0
  for i = 1, #a.times do
    local va, vb = a.voiced[i], b.voiced[i]
    voiced, silent, recalled, alarms = voiced + va, silent + 1 - va, recalled + va * vb, alarms + (1 - va) * vb
    right = right + (1 - va) * (1 - vb)
    if a.cents[i] ~= 0 and b.cents[i] ~= 0 then
      local off = math.abs(a.cents[i] - b.cents[i])
      if off < cents then pitch, right = pitch + va, right + va * vb end
      if math.abs(off - 1200 * math.floor(off / 1200 + 0.5)) < cents then chroma = chroma + va end
    end
  end
  return {
    ["Voicing Recall"] = share(recalled, voiced, 1), ["Voicing False Alarm"] = share(alarms, silent, 0),
    ["Raw Pitch Accuracy"] = share(pitch, voiced, 0), ["Raw Chroma Accuracy"] = share(chroma, voiced, 0),
    ["Overall Accuracy"] = right / #a.times,
  }
end

return melody
