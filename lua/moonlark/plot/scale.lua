--- Axes: where the ticks lie and what they say.
---
--- A tick is {at = position on the axis, text = its label}. Axes are drawn linearly: on a logarithmic or mel axis the
--- positions are those of `scale.frequency`. `count` is about how many ticks have room between `low` and `high`.
local scale = {}

---@class moonlark.plot.Tick
---@field at number
---@field text string

-- "1e+05" as "1e5", "3e-07" as "3e-7".
local function without_zeros(s) return (s:gsub("e([+-])0*", {["+"] = "e", ["-"] = "e-"})) end

--- A number as people write it: "−0.5", "12000", "3e−07".
---@param value number
---@param step number?  distance of neighbouring ticks: decides the decimals
---@return string
function scale.number(value, step)
  local s
  if value == 0 then
    s = "0"
  elseif math.abs(value) >= 1e6 or math.abs(value) < 1e-4 and (not step or step < 1e-4) then
    s = without_zeros(("%.4g"):format(value))
  elseif step then
    local decimals = 0
    while decimals < 6 and math.abs(step * 10 ^ decimals - math.floor(step * 10 ^ decimals + 0.5)) > 1e-6 do
      decimals = decimals + 1
    end
    s = ("%." .. decimals .. "f"):format(value)
  else
    s = value == math.floor(value) and ("%d"):format(math.floor(value)) or ("%.4g"):format(value)
  end
  return (s:gsub("%-", "−"))
end

--- A number in three digits: "0.864", "1200", "3.1e6".
function scale.short(value)
  if value == 0 then return "0" end
  if math.abs(value) >= 1e6 then return (without_zeros(("%.3g"):format(value)):gsub("%-", "−")) end
  return ((math.abs(value) >= 1000 and ("%.0f") or "%.3g"):format(value):gsub("%-", "−"))
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

--- Ticks at round numbers: two at least, for one alone does not say how long a unit is.
function scale.linear(low, high, count)
  local ticks
  repeat
    ticks = ticks_by(low, high, nice_step(high - low, count), scale.number)
    count = 2 * math.max(1, count)
  until #ticks >= 2 or not (low < high) or count > 16
  return ticks
end

--- Ticks at whole numbers.
function scale.whole(low, high, count)
  return ticks_by(low, high, math.max(1, nice_step(high - low, count, {1, 2, 5, 10})), scale.number)
end

-- The decimal digits at which a logarithmic axis may have ticks, from few to many.
local digits = {{1}, {1, 3}, {1, 2, 5}, {1, 2, 3, 5, 7}}

--- Ticks of a logarithmic axis: at powers of ten, and between them where there is room.
function scale.logarithmic(low, high, count)
  local first, last = math.floor(math.log(low, 10)), math.ceil(math.log(high, 10))
  local every = math.max(1, math.ceil((last - first) / math.max(1, count)))
  local best = {}
  for _, list in ipairs(digits) do
    local ticks = {}
    for power = first, last do
      for _, digit in ipairs(power % every == 0 and list or {}) do
        local at = digit * 10.0 ^ power
        if at >= low * (1 - 1e-9) and at <= high * (1 + 1e-9) then
          ticks[#ticks + 1] = {at = at, text = scale.number(at)}
        end
      end
    end
    if #ticks > math.max(count, 2) and #best > 0 then break end
    best = ticks
  end
  return #best >= 2 and best or scale.linear(low, high, count)
end

--- Ticks of a linear or logarithmic axis.
function scale.ticks(kind, low, high, count)
  return kind == "log" and scale.logarithmic(low, high, count) or scale.linear(low, high, count)
end

--- Ticks of what is counted from 1, such as epochs: 1, 5, 10 …
function scale.counted(low, high, count)
  local ticks = scale.whole(low, high, count)
  if #ticks < 2 or ticks[2].at - ticks[1].at == 1 or low > 1 then return ticks end
  if ticks[1].at <= 0 then table.remove(ticks, 1) end
  if ticks[1] and ticks[1].at == 1 then return ticks end
  return table.move(ticks, 1, #ticks, 2, {{at = 1, text = "1"}})
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

-- Where ticks of a mel axis stand, the most wanted first.
local mel_wanted = {0, 1000, 500, 4000, 2000, 8000, 16000, 250, 3000, 6000}

-- Those of them that have room between them.
local function mel_ticks(low_hz, high_hz, least, label)
  local ticks, to = {}, positions.mel
  local function has_room(at)
    for _, tick in ipairs(ticks) do
      if math.abs(tick.at - at) < least then return false end
    end
    return true
  end
  for _, hz in ipairs(mel_wanted) do
    if hz >= low_hz and hz <= high_hz and has_room(to(hz)) then
      ticks[#ticks + 1] = {at = to(hz), text = label(hz)}
    end
  end
  table.sort(ticks, function(a, b) return a.at < b.at end)
  return ticks
end

-- Axes that hold no such frequencies have ticks at other round ones.
local function at_least_two(ticks, low_hz, high_hz, count, to)
  if #ticks >= 2 then return ticks end
  local others = {}
  for _, tick in ipairs(scale.linear(low_hz, high_hz, count)) do
    if tick.at > 0 or to == positions.mel then others[#others + 1] = {at = to(tick.at), text = tick.text} end
  end
  return others
end

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
  if name == "mel" then
    return at_least_two(mel_ticks(low_hz, high_hz, least * 2 / 3, label), low_hz, high_hz, count, to)
  end
  local ticks = {}
  -- Octaves above and below 1 kHz.
  local every = math.max(1, math.ceil(least))
  for octave = -6, 8 do
    local hz = 1000 * 2.0 ^ octave
    local round = ({[62.5] = 64, [31.25] = 32, [15.625] = 16})[hz] or hz
    if octave % every == 0 and round >= low_hz and round <= high_hz then
      ticks[#ticks + 1] = {at = to(round), text = label(round)}
    end
  end
  return at_least_two(ticks, low_hz, high_hz, count, to)
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

--- Whether numbers stand on both sides of zero, rounding errors aside.
function scale.signed(low, high) return high > 0 and low < -1e-6 * high end

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

--- The same for a logarithmic axis.
function scale.widen_log(low, high)
  if not low then return 0.1, 10 end
  local room = high > low * 1.001 and (high / low) ^ 0.04 or 2
  return low / room, high * room
end

return scale
