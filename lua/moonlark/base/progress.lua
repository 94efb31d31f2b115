--- Progress on standard error: a bar with rate and remaining time on a terminal, a line every ten seconds elsewhere.
--- Standard output stays for results.
---@class moonlark.Progress
---@field total integer
---@field clock fun(): number  seconds
---@field wait number  seconds between two drawings
---@field started number  the clock at its beginning
---@field measure fun(stream: integer): integer?
---@field package done integer
---@field package note string?
---@field package drawn number
---@field package drew boolean
---@field package columns integer?
local Progress = {}
Progress.__index = Progress
Progress.__name = "moonlark.Progress"

local progress = {}

--- Where bars are drawn in place of standard error: gets the bar and its words, empty when the bar is to go.
---@type fun(bar: moonlark.Progress, words: string)?
progress.place = nil

local on_screen -- the bar that a terminal shows now

local BAR_S = 0.1    -- a terminal's bar is redrawn at most this often
local LINE_S = 10    -- and a line is written elsewhere

--- Seconds as people read them: "8.0 s", "42 s", "3:20 min", "1:05 h".
---@param seconds number
---@return string
function progress.duration(seconds)
  if seconds < 10 then return ("%.1f s"):format(seconds) end
  seconds = math.floor(seconds + 0.5)
  if seconds < 60 then return ("%d s"):format(seconds) end
  if seconds < 3600 then return ("%d:%02d min"):format(seconds // 60, seconds % 60) end
  return ("%d:%02d h"):format(seconds // 3600, seconds % 3600 // 60)
end

local function rate(per_s)
  if per_s >= 10 then return ("%.0f/s"):format(per_s) end
  return per_s >= 0.1 and ("%.1f/s"):format(per_s) or ("%.1f/min"):format(per_s * 60)
end

--- A new bar. It is drawn at the first update that comes a tenth of a second after this.
---@param total integer  what counts as done
---@param label? string  what is being done, "extracting"
---@return moonlark.Progress
function progress.new(total, label)
  local system = require "moonlark_core".system
  local columns = system.terminal_columns(2)
  return setmetatable({
    total = total, label = label or "", done = 0, clock = system.clock, started = system.clock(),
    drawn = system.clock(), columns = columns, drew = false,
    wait = (columns or progress.place) and BAR_S or LINE_S,
    measure = system.terminal_columns,
  }, Progress)
end

-- "extracting  120/400  30%  35.1/s  8.0 s left", without the bar.
local function words(self, now)
  local elapsed = now - self.started
  local parts = {("%d/%d"):format(self.done, self.total)}
  if self.label ~= "" then table.insert(parts, 1, self.label) end
  if self.note then parts[#parts + 1] = self.note end
  if self.done > 0 and elapsed > 0 then
    local per_s = self.done / elapsed
    parts[#parts + 1] = rate(per_s)
    local left = self.total - self.done
    parts[#parts + 1] = left > 0 and progress.duration(left / per_s) .. " left" or progress.duration(elapsed)
  end
  return table.concat(parts, "  ")
end

local function draw(self, now)
  local text = words(self, now)
  if progress.place then return progress.place(self, text) end
  if not self.columns then return io.stderr:write(text, "\n") end
  local room = self.columns - utf8.len(text) - 4
  if room >= 8 then
    local width = math.min(room, 40)
    local full = self.total > 0 and math.min(width, math.floor(width * self.done / self.total)) or width
    text = ("%s [%s%s]"):format(text, ("#"):rep(full), (" "):rep(width - full))
  else
    text = text:sub(1, utf8.offset(text, math.max(self.columns, 2)) or #text + 1)
  end
  io.stderr:write("\r", text, "\27[K")
  on_screen = self
end

--- Writes a line on standard error; a bar that stands there goes out of its way and comes back below it.
---@param words string
function progress.line(words)
  local bar = on_screen
  if not bar then return io.stderr:write(words, "\n") end
  io.stderr:write("\r", words, "\27[K\n")
  draw(bar, bar.clock())
end

--- Says how much is done now.
---@param done integer
---@param note string?  shown beside it, "loss 0.31"
function Progress:update(done, note)
  self.done, self.note = done, note
  local now = self.clock()
  if now - self.drawn < self.wait then return end
  self.drawn, self.drew = now, true
  if self.columns then self.columns = self.measure(2) or self.columns end
  draw(self, now)
end

--- Ends the bar. Where it was never drawn, because the work was short, it leaves no trace.
function Progress:finish()
  if not self.drew then return end
  self.drew = false
  draw(self, self.clock())
  on_screen = nil
  if self.columns and not progress.place then io.stderr:write "\n" end
end

--- Ends the bar without a trace: its line on a terminal is free for the next words.
function Progress:erase()
  if self.drew and progress.place then progress.place(self, "") end
  if self.drew and self.columns and not progress.place then io.stderr:write "\r\27[K" end
  self.drew, on_screen = false, nil
end

-- A `local bar <close>` ends here on an error or Ctrl-C: the next output starts on a line of its own.
function Progress:__close()
  if self.drew and self.columns and not progress.place then io.stderr:write "\n" end
  self.drew, on_screen = false, nil
end

return progress
