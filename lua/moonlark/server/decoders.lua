--- Decoders: files that nobody vouches for become sound, each in a process of its own with nothing but that file
--- (core/audio/host/main.c).
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local tags = require "moonlark.audio.tags"
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

-- A song that may be tried again.
local function renew(song)
  song.state = "new"
  return song
end

-- The same; what became of the song where no process could be started.
local function try_start(self, song, ffmpeg)
  local fine, why = pcall(start, self, song, ffmpeg)
  if not fine then return {song = renew(song), problem = {status = 500, kind = "failed", detail = tostring(why)}} end
end

local status_of = {disk = 507, ["too-long"] = 413, ["too-large"] = 413}

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

local MOST_FRAMES, MOST_WORDS = 1 << 40, 1 << 16

-- What a decoder may say. A file may have taken it over: nothing of it is believed that could do harm.
local Said = shape.object {rate = shape.integer(1, 10000000), channels = shape.integer(1, 256),
  frames = shape.integer(0, MOST_FRAMES), format = "string", codec = "string", tags = shape.map "string",
  partial = shape.maybe "string", confined = "boolean"}
local Refused = shape.object {error = "string", kind = "string"}

-- Whether the file is the WAV of floats that was promised, whose samples alone came from a stranger.
local function is_clean(path, said)
  local file <close> = io.open(path, "rb")
  if not file then return false end
  local head = core.audio.wave_head(said.rate, said.channels, said.frames)
  return file:read(#head) == head and file:seek "end" == #head + 4 * said.channels * said.frames
end

-- What a process said, as a table; nil where it is not what a decoder says.
local function read_words(text, path)
  local fine, said = pcall(json.decode, text)
  if not fine or type(said) ~= "table" then return nil end
  if said.error ~= nil then return pcall(shape.check, said, "a decoder", Refused) and said or nil end
  return pcall(shape.check, said, "a decoder", Said) and is_clean(path, said) and said or nil
end

local copied = {"rate", "channels", "frames", "format", "codec", "partial"}

local function note(song, said)
  for _, name in ipairs(copied) do song[name] = said[name] end
  song.tags = tags.read(said.tags)
  song.duration, song.state = said.frames / said.rate, "ready"
  if song.upload then os.remove(song.input) end
  song.input = nil
  if said.confined == false then
    warning.say("no-seccomp", "the system has no seccomp: decoders are limited in memory and time alone")
  end
end

local function finish(self, one)
  local text = one.peer:rest()
  local code, signal = one.peer:finish((one.late or one.endless) and 0 or 1)
  one.peer:close()
  local said = not signal and not one.endless and read_words(text, one.song.sound) or death(one, code, signal)
  if said.kind == "ffmpeg" and not one.ffmpeg then return try_start(self, one.song, true) end
  if said.error then return {song = renew(one.song), problem = problem_of(one.song, said)} end
  note(one.song, said)
  return {song = one.song}
end

--- Wants a song decoded.
---     self.decoders:want(song)
---@param song moonlark.server.Song
function Decoders:want(song)
  if song.state ~= "new" then return end
  song.state = "decoding"
  self.songs:hold(song)
  self.waiting[#self.waiting + 1] = song
end

--- Takes what has been decoded, and starts what waits. Gives the songs that are done, which it has held: {song, problem?}.
---     for _, done in ipairs(self.decoders:step()) do print(done.song.name, done.problem) end
---@return {song: moonlark.server.Song, problem: table?}[]
function Decoders:step()
  local now, running, done = core.system.clock(), self.running, {}
  self.running = {}
  for _, one in ipairs(running) do
    local text, over = one.peer:rest()
    one.late, one.endless = now > one.deadline, #text > MOST_WORDS
    if over or one.late or one.endless then
      done[#done + 1] = finish(self, one)
    else
      self.running[#self.running + 1] = one
    end
  end
  while #self.running < self.most and #self.waiting > 0 do
    done[#done + 1] = try_start(self, table.remove(self.waiting, 1))
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
