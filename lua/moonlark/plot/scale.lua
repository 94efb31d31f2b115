--- Axes: where the ticks lie and what they say.
---
--- A tick is {at = position on the axis, text = its label}. Axes are drawn linearly: on a logarithmic or mel axis the
--- positions are those of `scale.frequency`. `count` is about how many ticks have room between `low` and `high`.
local scale = {}

---@class moonlark.plot.Tick
---@field at number
---@field text string

--- A number as people write it: "−0.5", "12000", "3e−07".
---@param value number
---@param step number?  distance of neighbouring ticks: decides the decimals
---@return string
function scale.number(value, step)
  local s
  if value == 0 then
    s = "0"
  elseif math.abs(value) >= 1e6 or math.abs(value) < 1e-4 and (not step or step < 1e-4) then
    s = ("%.4g"):format(value):gsub("e([+-])0*", {["+"] = "e", ["-"] = "e-"})
  elseif step then
    local decimals = 0
    while decimals < 6 and math.abs(step * 10 ^ decimals - math.floor(step * 10 ^ decimals + 0.5)) > 1e-6 do
      decimals = decimals + 1
    end
    s = ("%." .. decimals .. "f"):format(value)
  else
    s = ("%.4g"):format(value)
  end
  return (s:gsub("%-", "−"))
end

local function ticks_by(low, high, step, label)
  local ticks = {}
  local slack = (high - low) * 1e-6
  for i = math.ceil((low - slack) / step), math.floor((high + slack) / step) do
    local at = i * step
    ticks[#ticks + 1] = {at = at, text = label(at, step)}
  end
  return ticks
end

local function nice_step(span, count, steps)
  local rough = span / math.max(1, count)
  local power = 10 ^ math.floor(math.log(rough, 10))
  for _, step in ipairs(steps or {1, 2, 2.5, 5, 10}) do
    if step * power >= rough * (1 - 1e-9) then return step * power end
  end
  return 10 * power
end

--- Ticks at round numbers.
function scale.linear(low, high, count)
  return ticks_by(low, high, nice_step(high - low, count), scale.number)
end

--- Ticks at whole numbers.
function scale.whole(low, high, count)
  return ticks_by(low, high, math.max(1, nice_step(high - low, count, {1, 2, 5, 10})), scale.number)
end

local time_steps = {0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400}

--- Ticks of a time axis in seconds, and the axis' label: min:s, from an hour on h:min:s, below two seconds in seconds,
--- below half a second in milliseconds.
function scale.time(low, high, count)
  local span = high - low
  if span < 0.5 then
    local ticks = scale.linear(1000 * low, 1000 * high, count)
    for _, tick in ipairs(ticks) do tick.at = tick.at / 1000 end
    return ticks, "time (ms)"
  end
  if span < 2 then return scale.linear(low, high, count), "time (s)" end
  local step = time_steps[#time_steps]
  for _, candidate in ipairs(time_steps) do
    if span / candidate <= count then step = candidate break end
  end
  local hours = high >= 3600
  local function label(at)
    local sign = at < 0 and "−" or ""
    at = math.abs(at)
    local seconds = step < 1 and ("%04.1f"):format(at % 60) or ("%02d"):format(math.floor(at % 60 + 0.5))
    local minutes = math.floor(at / 60 + 1e-9)
    if hours then return ("%s%d:%02d:%s"):format(sign, minutes // 60, minutes % 60, seconds) end
    return ("%s%d:%s"):format(sign, minutes, seconds)
  end
  return ticks_by(low, high, step, label), hours and "time (h:min:s)" or "time (min:s)"
end

-- Positions on the axis for a frequency in Hz.
local positions = {
  linear = function(hz) return hz end,
  log = function(hz) return math.log(hz, 2) end,
  mel = function(hz) -- Slaney's: linear below 1 kHz
    if hz < 1000 then return hz * 3 / 200 end
    return 15 + 27 * math.log(hz / 1000) / math.log(6.4)
  end,
}

--- Names of the frequency scales.
scale.names = {"linear", "log", "mel"}

--- The position of a frequency in Hz on one of these scales.
function scale.frequency(name, hz) return positions[name](hz) end

--- Ticks at round frequencies, with room between them; "2k" means 2000 Hz.
function scale.frequency_ticks(name, low_hz, high_hz, count)
  local function label(hz)
    return hz >= 1000 and scale.number(hz / 1000) .. "k" or scale.number(hz)
  end
  if name == "linear" then
    return ticks_by(low_hz, high_hz, nice_step(high_hz - low_hz, count), label)
  end
  local to = positions[name]
  local first, last = to(math.max(low_hz, name == "log" and 1e-3 or 0)), to(high_hz)
  local least = (last - first) / count * 0.75
  local ticks = {}
  if name == "mel" and low_hz <= 0 then
    ticks[1] = {at = 0, text = "0"}
    first = 0
  end
  -- Octaves above and below 1 kHz.
  local every = math.max(1, math.ceil(least))
  for octave = name == "mel" and -2 or -6, 8 do
    local hz = 1000 * 2.0 ^ octave
    local round = ({[62.5] = 64, [31.25] = 32, [15.625] = 16})[hz] or hz
    local at = to(round)
    local previous = ticks[#ticks]
    local wanted = name == "log" and octave % every == 0
      or name == "mel" and (not previous or at - previous.at >= least)
    if wanted and round >= low_hz and round <= high_hz then
      ticks[#ticks + 1] = {at = at, text = label(round)}
    end
  end
  if #ticks < 2 then
    for _, tick in ipairs(scale.linear(low_hz, high_hz, count)) do
      if tick.at > 0 then ticks[#ticks + 1] = {at = to(tick.at), text = tick.text} end
    end
    table.sort(ticks, function(a, b) return a.at < b.at end)
  end
  return ticks
end

--- Ticks at the notes C1, C2 … of a logarithmic axis; at every note C, E, G where there is room.
function scale.note_ticks(low_hz, high_hz, count)
  local names = {"C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"}
  local first = math.ceil(69 + 12 * math.log(low_hz / 440, 2) - 0.01)
  local last = math.floor(69 + 12 * math.log(high_hz / 440, 2) + 0.01)
  local every = 24
  for _, step in ipairs {1, 2, 4, 12} do
    if (last - first) / step <= count then every = step break end
  end
  local ticks = {}
  for midi = first, last do
    if midi % every == 0 then
      ticks[#ticks + 1] = {
        at = math.log(440, 2) + (midi - 69) / 12, text = names[midi % 12 + 1] .. (midi // 12 - 1),
      }
    end
  end
  return ticks
end

--- Ticks for named rows or columns at 0, 1, 2 …, or for every second, third … of them where they would touch.
function scale.names_ticks(names, count)
  local ticks = {}
  local every = math.max(1, math.ceil(#names / math.max(1, count)))
  for i = 1, #names, every do ticks[#ticks + 1] = {at = i - 1, text = tostring(names[i])} end
  return ticks
end

--- A range that is never empty: a single value gets room on both sides.
---@param low number?
---@param high number?
---@param margin number?  part of the span added at both ends
---@return number low
---@return number high
function scale.widen(low, high, margin)
  if not low then return 0, 1 end
  if high - low <= 1e-6 * math.max(math.abs(low), math.abs(high)) then
    local room = math.max(0.5 * math.abs(low), 0.5)
    return low - room, high + room
  end
  local room = (margin or 0) * (high - low)
  return low - room, high + room
end

return scale
