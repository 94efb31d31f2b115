--- Source: where sound comes from while it goes on: a device, a pipe, a stream of the network, a file at its own speed.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
require "moonlark.live.session" -- describes what sound may be

local STEP = 0.05   -- s of sound that are read at once
local SILENT = 10   -- s that a server may say nothing
local WAITS = {1, 2, 4, 8} -- s before a stream that broke off is asked again; the last goes on

local of_session = options.described "live.session".by_name
local parameters = options.describe("live.source", {
  rate = of_session.rate:but {help = "samples per second of a pipe, or that a device is asked for"},
  channels = of_session.channels:but {default = 2, help = "of a pipe, or that a device is asked for"},
  format = of_session.format:but {default = "s16", help = "of the samples in a pipe"},
  retries = options.integer(10, {least = 0}, "how often in a row a stream of the network that broke off is asked again"),
  fast = options.boolean(false, "a file as fast as it is read, not at its own speed"),
})

---@class moonlark.live.Source
---@field name string  in words, harmless to look at
---@field rate integer  Hz
---@field channels integer
---@field format string?  of bytes; nil: sound comes as tensors
---@field seconds number?  that it has, where it ends
---@field note string?  what is to be said of it since the last read: sound was lost, a stream began anew
---@field read fun(source: moonlark.live.Source): (string|moonlark.Tensor)?  further sound, maybe none; nil at the end
---@field close fun(source: moonlark.live.Source)

local source = {}

local function nothing() end

local function pipe(o)
  local widths = {f32 = 4, s16 = 2, s24 = 3, s32 = 4, u8 = 1}
  local bytes = math.max(1, math.floor(STEP * o.rate)) * o.channels * widths[o.format]
  return {name = "standard input", rate = o.rate, channels = o.channels, format = o.format, close = nothing,
    read = function() return io.stdin:read(bytes) end}
end

local function device(name, o)
  local opened = core.hearing.device(name, o.rate, o.channels)
  return {name = "device " .. show.name(name), rate = o.rate, channels = o.channels,
    close = function() opened:close() end,
    read = function(self)
      local sound, lost = opened:read(STEP)
      if lost > 0 then self.note = "sound was lost: the machine is too slow, or was asleep" end
      return sound
    end}
end

-- Blocks of a file, none before its time: sound that is `heard` seconds long has taken as long.
local function file(path, o)
  local info = audio.info(path)
  local blocks, began, heard = audio.blocks(path, {rate = "native", mono = false, seconds = STEP}), nil, 0
  return {name = show.name((select(2, files.split(path)))), rate = info.rate, channels = info.channels, seconds = info.duration, close = nothing,
    read = function()
      began = began or core.system.clock()
      if not o.fast then core.system.sleep(math.max(0, heard - (core.system.clock() - began))) end
      local block = blocks()
      if not block then return nil end
      heard = heard + block:duration()
      return signal.channels(block)
    end}
end

-- A station that broke off, asked again until it answers; nil when it does not.
local function again(self, url, o, why)
  for attempt = 1, o.retries do
    local wait = WAITS[math.min(attempt, #WAITS)]
    self.say(("%s: asked again in %d s"):format(why, wait))
    core.system.sleep(wait)
    local ok, opened, about = pcall(core.hearing.station, url, SILENT)
    if ok and about.rate == self.rate and about.channels == self.channels then return opened end
    why = ok and "it came back with another rate" or tostring(opened)
  end
  error(why, 0)
end

local function station(url, o)
  local opened, about = core.hearing.station(url, SILENT)
  local ends = about.seconds > 0
  return {name = show.name(url), rate = about.rate, channels = about.channels, seconds = ends and about.seconds or nil,
    close = function() opened:close() end,
    read = function(self)
      local ok, sound = pcall(opened.read, opened)
      if ok and (sound or ends) then return sound end
      opened:close()
      opened = again(self, url, o, ok and "the stream ended" or tostring(sound))
      self.note = "the stream began anew"
      return opened:read()
    end}
end

-- Whether a word looks like a path, not like the name of a device ("hw:0,0", "default", "plughw:CARD=Mic").
local function is_path(word) return files.exists(word) or word:find "/" or word:find "%.%w+$" end

--- Where sound comes from, by its name: "-" a pipe of samples, http:// and https:// a stream of the network, a file, else a
--- device of ALSA ("default", "pipewire", "hw:1,0").
---
--- A file is read at its own speed, unless `fast` says otherwise; a stream that breaks off is asked again. Errors: what the
--- name stands for is not there, or no sound.
---     local mic <close> = live.source("default", {rate = 48000, channels = 1})
---     for sound in mic.read, mic do print(sound:size(1)) end
---@param name string
---@param given moonlark.live.source.Options?
---@return moonlark.live.Source
function source.source(name, given)
  local o = parameters:read(given)
  if type(name) ~= "string" or name == "" then
    show.fail("name must be -, an address, a file or a device, got %s", options.got(name))
  end
  local scheme = name:match "^(%a[%w+.-]*)://"
  local made
  if name == "-" then
    made = pipe(o)
  elseif scheme == "http" or scheme == "https" then
    made = station(name, o)
  elseif scheme then
    show.fail("%s: streams come by http or https, not by %s", name, scheme)
  elseif is_path(name) then
    made = file(name, o)
  else
    made = device(name, o)
  end
  made.say = made.say or nothing
  return setmetatable(made, {__close = made.close, __name = "moonlark.live.Source"})
end

return source
