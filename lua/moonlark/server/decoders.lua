--- Decoders: files that nobody vouches for become sound, each in a process of its own with nothing but that file
--- (core/audio/host/main.c).
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local decoders = {}

---@class moonlark.server.Decoders
---@field package songs moonlark.server.Songs
---@field package limits table
---@field package most integer  processes at the same time
---@field package waiting moonlark.server.Song[]
---@field package running table[]  {song, peer, deadline, ffmpeg}
local Decoders = {}
Decoders.__index = Decoders

---@param shelf moonlark.server.Songs
---@param limits {duration: number, memory: integer, decode_seconds: integer, decoded_bytes: integer, partial: string}
---@param most integer
---@return moonlark.server.Decoders
function decoders.new(shelf, limits, most)
  return setmetatable({songs = shelf, limits = limits, most = most, waiting = {}, running = {}}, Decoders)
end

-- The ending of a name, as far as it can be of a sound file: all that a decoder is told of it.
local function ending_of(name) return name:match "%.(%w%w?%w?%w?%w?)$" or "" end

local function start(self, song, ffmpeg)
  local limits, ending = self.limits, ending_of(song.name)
  local argv = {core.process.decoder, "sound" .. (ending ~= "" and "." .. ending or ""), ("%d"):format(limits.memory),
    ("%d"):format(limits.decode_seconds), ("%d"):format(limits.decoded_bytes), ("%.3f"):format(limits.duration),
    limits.partial == "keep" and "partial" or "strict", ffmpeg and "ffmpeg" or nil}
  song.state = "decoding"
  local peer = core.process.filter(argv, song.input, song.sound)
  -- Processor time is limited there; this is for one that waits for ever.
  self.running[#self.running + 1] = {song = song, peer = peer, ffmpeg = ffmpeg,
    deadline = core.system.clock() + 2 * limits.decode_seconds + 10}
end

local status_of = {["too-long"] = 413, ["too-large"] = 413}

-- What is wrong with a song, in words that begin with its name, not with the one under which a decoder knew it.
local function problem_of(song, said)
  local words = tostring(said.error):gsub("^sound%.?%w*", ""):gsub("; partial = \"keep\" takes what is there$", "")
  local joint = words:find "^: " and "" or words:find "^ " and "" or ": "
  return {status = status_of[said.kind] or 422, kind = said.kind, detail = show.name(song.name) .. joint .. words}
end

local endings = {
  SYS = "its decoder was stopped: it asked the system for what decoding does not need",
  XCPU = "its decoder was stopped: it computed for too long",
}

-- What a process that ended without a word is said to have died of.
local function death(one, code, signal)
  local words = one.late and "its decoder was stopped: it took too long"
    or endings[signal] or ("its decoder crashed (%s)"):format(signal and "SIG" .. signal or "exit code " .. tostring(code))
  return {error = words, kind = (one.late or signal == "XCPU") and "too-slow" or "crashed"}
end

local copied = {"rate", "channels", "frames", "format", "codec", "tags", "partial"}

local function note(song, said)
  for _, name in ipairs(copied) do song[name] = math.tointeger(said[name]) or said[name] end
  song.duration, song.state = said.frames / said.rate, "ready"
  if song.upload then os.remove(song.input) end
  song.input = nil
  if said.confined == false then
    warning.say("no-seccomp", "the system has no seccomp: decoders are limited in memory and time alone")
  end
end

local function finish(self, one)
  local text = one.peer:rest()
  local code, signal = one.peer:finish(one.late and 0 or 1)
  one.peer:close()
  local fine, said = pcall(json.decode, text)
  if not fine or type(said) ~= "table" or signal then said = death(one, code, signal) end
  if said.kind == "ffmpeg" and not one.ffmpeg then return start(self, one.song, true) end
  if said.error then
    one.song.state = "new"
    return one.song, problem_of(one.song, said)
  end
  note(one.song, said)
  return one.song
end

--- Wants a song decoded.
---     self.decoders:want(song)
---@param song moonlark.server.Song
function Decoders:want(song)
  if song.state ~= "new" then return end
  song.state = "decoding"
  self.waiting[#self.waiting + 1] = song
end

--- Takes what has been decoded, and starts what waits. Gives the songs that are done: {song, problem?}.
---     for _, done in ipairs(self.decoders:step()) do print(done.song.name, done.problem) end
---@return {song: moonlark.server.Song, problem: table?}[]
function Decoders:step()
  local now, running, done = core.system.clock(), self.running, {}
  self.running = {}
  for _, one in ipairs(running) do
    one.late = now > one.deadline
    local _, over = one.peer:rest()
    if over or one.late then
      local song, problem = finish(self, one)
      if song then done[#done + 1] = {song = song, problem = problem} end
    else
      self.running[#self.running + 1] = one
    end
  end
  while #self.running < self.most and #self.waiting > 0 do
    local song = table.remove(self.waiting, 1)
    local fine, why = pcall(start, self, song)
    if not fine then
      song.state = "new"
      done[#done + 1] = {song = song, problem = {status = 500, kind = "failed", detail = tostring(why)}}
    end
  end
  return done
end

--- Adds the descriptors that are to be polled to a list.
---     self.decoders:add_descriptors(list)
---@param list integer[]
function Decoders:add_descriptors(list)
  for _, one in ipairs(self.running) do list[#list + 1] = one.peer:descriptor() end
end

--- Ends all of them.
---     self.decoders:close()
function Decoders:close()
  for _, one in ipairs(self.running) do
    one.peer:close()
    os.remove(one.song.sound)
  end
  self.running, self.waiting = {}, {}
end

return decoders
