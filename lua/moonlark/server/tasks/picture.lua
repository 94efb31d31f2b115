--- Picture: features or the waveform of a song, drawn; the file stays in the song's folder for who asks again.
local audio = require "moonlark.audio"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local plot = require "moonlark.plot"

local drawn = {
  mel = function(song) return plot.map, feature.mel(song), {db = "power"} end,
  cqt = function(song) return plot.map, feature.cqt(song, {bins_per_octave = 24, n_bins = 192}), {db = "amplitude"} end,
  chroma = function(song) return plot.map, feature.chroma_cqt(song), {} end,
  tonnetz = function(song) return plot.map, feature.tonnetz(song), {} end,
  waveform = function(song) return plot.waveform, song, {} end,
}

-- What is asked, as a name: the same question finds the same file.
local function name_of(o)
  return ("picture-%s-%g-%g-%dx%d-%s.%s"):format(o.kind, o.start, o.duration, o.width, o.height, o.palette or "usual",
    o.format)
end

---@param options table  kind, start, duration, width, height, palette, format
---@param about moonlark.server.Work
---@return {file: string}
return function(options, about)
  local name = name_of(options)
  local place = files.join(about.folder, name)
  if files.exists(place) then return {file = name} end
  local song = audio.load(about.sound, {rate = 22050, mono = true, start = options.start, duration = options.duration})
  local draw, what, how = drawn[options.kind](song)
  how.width, how.height = options.width, options.height
  if draw == plot.map then how.palette = options.palette end
  draw(what, how):save(place)
  return {file = name}
end
