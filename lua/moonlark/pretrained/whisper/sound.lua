--- Sound: a song of any length as Whisper's mel frames, 100 a second, read forwards in bounded memory.
---
--- The frames are those of the whole song: values end 8 decades below its maximum. Therefore it is heard once before,
--- for the maximum.
local audio = require "moonlark.audio"
local engine = require "moonlark.feature.engine"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local windows = require "moonlark.pretrained.windows"

local HOP, CONTEXT = 160, 2 -- samples of a frame; frames at an edge that hear what is mirrored there
local BELOW = 8 / 4         -- 8 decades, as the front end scales them

-- --- samples, forwards -------------------------------------------------------------

local Stream = {}
Stream.__index = Stream

-- `next` gives the samples [n], block by block.
local function stream_of(next)
  return setmetatable({next = next, held = torch.zeros {0}, first = 0, ended = false}, Stream)
end

function Stream:last() return self.first + self.held:size(0) end

-- Samples from .. to - 1, silence beyond the end. What lies before `from` is let go.
function Stream:take(from, to)
  while self:last() < to and not self.ended do
    local block = self.next()
    self.ended = block == nil
    if block then
      local kept = math.min(math.max(from - self.first, 0), self.held:size(0))
      self.held = torch.cat {self.held:narrow(0, kept, self.held:size(0) - kept), block}
      self.first = self.first + kept
    end
  end
  local there = math.max(0, math.min(to, self:last()) - from)
  local samples = there > 0 and self.held:narrow(0, from - self.first, there) or torch.zeros {0}
  return samples:constant_pad_nd({0, to - from - there}, 0)
end

-- --- frames -------------------------------------------------------------------------

---@class moonlark.pretrained.Sound
---@field frames integer
---@field peak number  the largest value of all frames
---@field package stream userdata|table|nil
local Sound = {}
Sound.__index = Sound

local sound = {}

local function blocks_of(song, front, reading)
  if song.signal then
    local samples = windows.samples(song.signal, front)
    return function()
      local block = samples
      samples = nil
      return block
    end
  end
  local blocks = audio.blocks(song.path, {rate = front.rate, seconds = 30, start = song.start,
    duration = song.duration, channel = reading.channel, partial = reading.partial})
  return function()
    local block = blocks()
    return block and block.data:flatten()
  end
end

-- Frames without an end below.
local function raw(self, stream, from, count)
  local first = math.max(0, from - CONTEXT)
  local wave = stream:take(first * HOP, (from + count + CONTEXT) * HOP)
  local heard = signal.new {data = wave, rate = self.rate, kind = "waveform"}
  local rows = engine.compute("whisper_mel", heard, {n_mels = self.n_mels, pad = false, range = false}).data
  return rows:narrow(1, from - first, count)
end

-- Hears it once: how many frames there are, and their largest value.
local function measure(self, stream)
  local most, done = 30 * 100, 0
  repeat
    stream:take(math.max(0, done - CONTEXT) * HOP, (done + most + CONTEXT) * HOP)
    local count = math.min(most, stream:last() // HOP - done)
    if count > 0 then self.peak = math.max(self.peak, raw(self, stream, done, count):max():item()) end
    done = done + math.max(count, 0)
  until count < most
  self.frames = done
end

--- Opens a song. Errors: as of audio.load.
---     local heard = sound.open({path = "talk.mp3"}, model.front, {})
---@param song {path: string?, start: number?, duration: number?, signal: moonlark.Signal?}
---@param front moonlark.pretrained.Front
---@param reading {channel: any, partial: string?}
---@return moonlark.pretrained.Sound
function sound.open(song, front, reading)
  local self = setmetatable({rate = front.rate, n_mels = front.feature[2].n_mels, peak = -math.huge}, Sound)
  measure(self, stream_of(blocks_of(song, front, reading)))
  self.stream = stream_of(blocks_of(song, front, reading))
  return self
end

--- Frames from .. from + count - 1, silence beyond the end. `from` never goes back.
---     local x = heard:mel(0, 3000)
---@param from integer
---@param count integer
---@return moonlark.Tensor  [n_mels, count]
function Sound:mel(from, count) return raw(self, self.stream, from, count):clamp_min(self.peak - BELOW) end

return sound
