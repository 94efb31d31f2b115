--- Screen: what is heard, in a terminal, in a place that is drawn anew.
local core = require "moonlark_core"
local show = require "moonlark.base.show"
local state = require "moonlark.shell.listen.state"

local EVERY = 1 / 15     -- s from one picture to the next
local FLASH = 0.15       -- s that a beat is seen
local HEIGHT = 6         -- lines of the spectrum
local QUIET = -60        -- LUFS where the meter begins
local FALL = 12          -- shades of 255 that a bar of the spectrum falls from picture to picture
local NARROWEST, WIDEST = 60, 100

local eighths = {[0] = " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
local lying = {[0] = "", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}

local Screen = {}
Screen.__index = Screen

--- Takes an event.
function Screen:take(event)
  self.state:take(event)
  if event.kind == "beat" then self.flash = core.system.clock() + FLASH end
end

-- A bar of so many cells, filled to a share; as wide as that in any case.
local function bar(share, cells)
  local parts = math.floor(math.max(0, math.min(1, share)) * cells * 8 + 0.5)
  local whole, rest = parts // 8, parts % 8
  local drawn = ("█"):rep(whole) .. lying[rest]
  return drawn .. (" "):rep(cells - whole - (rest > 0 and 1 or 0))
end

local function dim(text) return "\27[2m" .. text .. "\27[0m" end
local function bold(text) return "\27[1m" .. text .. "\27[0m" end

-- Text cut to so many cells; names may hold any letters.
local function cut(text, cells)
  local n = utf8.len(text)
  if not n then return text:sub(1, cells) end
  return n <= cells and text or text:sub(1, utf8.offset(text, cells) - 1) .. "…"
end

local rows = {}

function rows.title(self, width)
  local right = ("%d Hz × %d  %s"):format(self.source.rate, self.source.channels, state.clock(self.state.time))
  local name = cut(self.source.name, width - #right - 1)
  return {bold(name) .. (" "):rep(width - utf8.len(name) - utf8.len(right)) .. right}
end

function rows.level(self, width)
  local level = self.state.level
  local loudness, peak = level and level.loudness or -120, level and level.peak or -120
  local said = ("%6.1f LUFS  peak %6.1f dBFS"):format(loudness, peak)
  return {"level  " .. bar((loudness - QUIET) / -QUIET, width - #said - 9) .. "  " .. said}
end

-- The bands of the newest column, spread over so many cells; what was higher falls slowly.
local function heights(self, cells)
  local column = self.state.column or ""
  for i = 1, cells do
    local band = #column > 0 and column:byte((i - 1) * #column // cells + 1) or 0
    self.fallen[i] = math.max(band, (self.fallen[i] or 0) - FALL)
  end
  return self.fallen
end

function rows.spectrum(self, width)
  local shades, lines = heights(self, width), {}
  for line = HEIGHT, 1, -1 do
    local cells = {}
    for i = 1, width do
      local part = math.floor(shades[i] / 255 * HEIGHT * 8 + 0.5) - (line - 1) * 8
      cells[i] = eighths[math.max(0, math.min(8, part))]
    end
    lines[#lines + 1] = table.concat(cells)
  end
  local axis = "30 Hz" .. (" "):rep(width - 11) .. "11 kHz"
  lines[#lines + 1] = dim(axis)
  return lines
end

function rows.beat(self)
  local beat = self.state.beat
  if not beat then return {"beat   " .. dim "listening …"} end
  local dots, lit = {}, core.system.clock() < self.flash
  for i = 1, beat.meter or 1 do
    local here = i == (beat.position or 1)
    dots[i] = here and (lit and bold "●" or "●") or "○"
  end
  return {("beat   %s   %.0f BPM"):format(table.concat(dots, " "), beat.tempo)}
end

function rows.harmony(self, width)
  local key, chords = self.state.key, self.state.chords
  local name = key and ("%s %s"):format(key.tonic, key.mode) or "…"
  local past = table.concat(chords, "  ", 1, math.max(0, #chords - 1))
  local now = chords[#chords] or "…"
  return {("key    %-10s chord  "):format(name) .. cut(past, width - 40) .. "  " .. bold(now)}
end

function rows.prediction(self, width)
  local lines, said = {}, self.state.prediction and state.ranked(self.state.prediction, self.top) or {}
  for i = 1, self.top do
    local one = said[i]
    local label = one and cut(show.name(one.label), 20) or i == 1 and "listening …" or ""
    local padded = label .. (" "):rep(20 - (utf8.len(label) or #label))
    local number = one and one.number
    lines[i] = (i == 1 and "hears  " or "       ") .. padded
      .. (number and ("%7.3f  "):format(number) .. bar(number, math.max(1, width - 38)) or "")
  end
  return lines
end

-- All lines of a picture.
local function picture(self)
  local columns, high = core.terminal.size()
  local width = math.max(NARROWEST, math.min(WIDEST, (columns or 80) - 1))
  local lines = {}
  local function add(name)
    for _, line in ipairs(rows[name](self, width)) do lines[#lines + 1] = line end
  end
  add "title"
  if self.kinds.level then add "level" end
  if self.kinds.columns then add "spectrum" end
  if self.kinds.beat then add "beat" end
  if self.kinds.key or self.kinds.chord then add "harmony" end
  if self.kinds.prediction then add "prediction" end
  if self.note then lines[#lines + 1] = dim(cut(self.note, width)) end
  for i = #lines, math.max(1, high or #lines + 1), -1 do lines[i] = nil end -- what does not fit would scroll
  return lines
end

--- Draws, if it is time.
---@param now boolean?  whether or not it is time
function Screen:draw(now)
  local clock = core.system.clock()
  if not now and clock < self.next then return end
  self.next = clock + EVERY
  local lines = picture(self)
  local out = {self.drawn > 0 and ("\27[%dF"):format(self.drawn) or ""}
  for _, line in ipairs(lines) do out[#out + 1] = line .. "\27[K\n" end
  out[#out + 1] = "\27[J"
  self.drawn = #lines
  io.stdout:write(table.concat(out))
  io.stdout:flush()
end

--- Shows the last picture, and the cursor again.
function Screen:close()
  self:draw(true)
  io.stdout:write "\27[?25h"
  io.stdout:flush()
end

--- @param source moonlark.live.Source
--- @param kinds table<string, true>  of events that come
--- @param top integer  classes of a prediction that are named
return function(source, kinds, top)
  io.stdout:write "\27[?25l"
  return setmetatable({source = source, kinds = kinds, top = top, state = state.new(), fallen = {}, drawn = 0, next = 0,
    flash = 0}, Screen)
end
