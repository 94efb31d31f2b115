--- Hearing: many songs through a network. Threads decode and cut them ahead of the network (core/extract/slicer.h),
--- which is given windows of several songs at once; memory does not grow with the number of songs, nor with their
--- lengths.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local engine = require "moonlark.feature.engine"
local finally = require "moonlark.base.finally"
local progress = require "moonlark.base.progress"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"
local windows = require "moonlark.pretrained.windows"

local hearing = {}

local NO_NUMBERS = "the network's answer is NaN, no number: are the model's weights and settings whole?"
local PENDING = 4 -- batches of windows, of whatever lengths, that wait for more of their length

--- What takes the outputs of the windows of one song.
---@class moonlark.pretrained.Listener
---@field add fun(self: table, rows: moonlark.Tensor, starts: number[], sounds: number[])  outputs of some windows, on
--- the CPU; the second at which each begins, and the share of it that is sound, not silence that fills it up
---@field finish fun(self: table): any  once all were added

--- What became of songs.
---@class moonlark.pretrained.Heard
---@field results table<integer, any>  what the listeners gave; nil for a song that could not be heard
---@field failures table<integer, string>  why not
---@field notes table<integer, table|false>  what is to be said of the sound
---@field rates table<integer, integer>  files by their rate
---@field mixed integer  files whose channels were mixed
---@field rejected {path: string, reason: string}[]?  files that could not be heard
---@field partial {path: string, reason: string}[]?  files that were heard in part
---@field warnings table[]?
---@field said string?  in words, what was done to the sound before it was heard
---@field waited number?  share of the time that the network waited for sound, 0..1; nil where songs are read whole

-- The network's input -------------------------------------------------------------------------

--- The input of a batch: what the family computes of samples, or of features of the engine.
---@param model moonlark.Pretrained
---@param x moonlark.Tensor  [n, samples], or [n, rows, frames] where the front end has a feature
---@return moonlark.Tensor
function hearing.input(model, x)
  local front = model.front
  x = x:to(model.device)
  return front.compute and front.compute(x, model.net) or x
end

--- A window as the decoding threads give it: 1 × samples, or the front end's feature.
---@param front moonlark.pretrained.Front
---@param wave moonlark.Tensor  [samples]
---@return moonlark.Tensor
function hearing.prepared(front, wave)
  if not front.feature then return wave:unsqueeze(0) end
  local song = signal.new {data = wave:contiguous(), rate = front.rate, kind = "waveform"}
  return engine.compute(front.feature[1], song, front.feature[2]).data
end

--- How many windows are computed at once: few on a CPU, where more only take memory.
---@param model moonlark.Pretrained
---@param o {batch_size: integer?, window: number?}
---@return integer
function hearing.batch_size(model, o)
  local seconds = windows.sizes(model.front, o) / model.front.rate
  local usual = model.device == "cpu" and math.max(1, math.min(16, math.floor(60 / seconds))) or 16
  return math.min(o.batch_size or usual, model.front.at_once or math.huge)
end

-- Windows of songs --------------------------------------------------------------------------------

-- The windows of a Signal, as samples. Errors: it is too short.
local function windows_of(model, song, o)
  local front = model.front
  local samples = windows.samples(song, front)
  local n = samples:size(0)
  if n < (front.least or 1) then
    show.fail("the model needs %d samples at least, got %d", front.least or 1, n)
  end
  local list = {}
  for _, group in ipairs(windows.cut(samples, front, o)) do
    for i, start in ipairs(group.starts) do
      list[#list + 1] = {wave = group.waves:select(0, i - 1), start = start,
        count = math.min(group.waves:size(1), n - start)}
    end
  end
  return list
end

-- What the decoding threads are told.
local function slicer_of(model, songs, o)
  local front = model.front
  local length, hop = windows.sizes(front, o)
  return core.slicer.start({
    rate = front.rate, start = o.start, duration = o.duration, pad = o.pad, channel = reading.channel(o.channel),
    keep_partial = o.partial == "keep", features = {front.feature and {front.feature[1], front.feature[2] or {}}},
  }, songs, {length = length, hop = hop, least = front.least or 1, fixed = front.fixed,
    drop = front.drop}, o.workers or 0)
end

-- Batches -----------------------------------------------------------------------------------------

---@class moonlark.pretrained.Work
---@field package model moonlark.Pretrained
---@field package heard moonlark.pretrained.Heard
---@field package buckets table<string, table[]>
---@field package pending integer
---@field package open integer[]
---@field package ended boolean[]
---@field package done integer
---@field package listeners table<integer, moonlark.pretrained.Listener>
---@field package listen function
---@field package keep function?
---@field package compute function
---@field package batch_size integer
---@field package length integer
---@field package bar moonlark.Progress?
local Work = {}
Work.__index = Work

-- The outputs of a batch, run by run to the songs that its windows are of.
local function hand_out(self, batch, out)
  local first = 1
  for i = 1, #batch do
    if i == #batch or batch[i + 1].song ~= batch[first].song then
      local starts, sounds = {}, {}
      for k = first, i do
        starts[#starts + 1] = batch[k].start / self.model.front.rate
        sounds[#sounds + 1] = self.model.front.fixed and batch[k].count / self.length or 1
      end
      local rows, song = out:narrow(0, first - 1, i - first + 1), batch[first].song
      if rows:isnan():any():item() then self.heard.failures[song] = NO_NUMBERS end
      self.listeners[song]:add(rows, starts, sounds)
      first = i + 1
    end
  end
end

-- A song that has ended and whose windows were all computed has its result.
local function settle(self, song)
  if self.open[song] > 0 or not self.ended[song] then return end
  if not self.heard.failures[song] then
    local made = self.listeners[song]:finish()
    if self.keep then made = self.keep(song, made, self.heard.notes[song]) end
    self.heard.results[song] = made
  end
  self.listeners[song] = nil
  self.done = self.done + 1
  if self.bar then self.bar:update(self.done) end
end

local function flush(self, key)
  local batch, xs = self.buckets[key], {}
  self.buckets[key], self.pending = nil, self.pending - #batch
  for i, window in ipairs(batch) do xs[i] = window.x end
  local x = torch.stack(xs)
  if not self.model.front.feature then x = x:squeeze(1) end
  hand_out(self, batch, self.compute(hearing.input(self.model, x)))
  for _, window in ipairs(batch) do
    self.open[window.song] = self.open[window.song] - 1
    settle(self, window.song)
  end
end

-- The key of the most windows that wait.
local function fullest(self)
  local best, most = nil, 0
  for key, batch in pairs(self.buckets) do
    if #batch > most or #batch == most and key < best then best, most = key, #batch end
  end
  return best
end

function Work:put(song, window)
  local key = ("%d × %d"):format(window.x:size(0), window.x:size(1))
  local batch = self.buckets[key] or {}
  self.buckets[key], window.song = batch, song
  batch[#batch + 1] = window
  self.pending, self.open[song] = self.pending + 1, self.open[song] + 1
  if not self.listeners[song] then self.listeners[song] = self.listen(song) end
  if #batch == self.batch_size then
    flush(self, key)
  elseif self.pending >= PENDING * self.batch_size then
    flush(self, fullest(self))
  end
end

-- No more windows come of a song.
function Work:finish(song, failure)
  self.ended[song], self.heard.failures[song] = true, self.heard.failures[song] or failure
  settle(self, song)
end

-- Counts what is done to the sound of a file before it is heard.
local function count(heard, rate, channels, o)
  heard.rates[rate] = (heard.rates[rate] or 0) + 1
  if channels > 1 and reading.channel(o.channel) < 0 then heard.mixed = heard.mixed + 1 end
end

-- Hears the files at these places of the list.
local function hear_files(self, songs, places, o)
  local tracks = {}
  for i, place in ipairs(places) do tracks[i] = songs[place] end
  local slicer <close>, began = slicer_of(self.model, tracks, o), core.system.clock()
  local heard = self.heard
  for i, slice in core.slicer.next, slicer do
    if slice.x then
      self:put(places[i], slice)
    else
      heard.notes[places[i]] = slice.notes
      if not slice.failure then count(heard, slice.rate, slice.channels, o) end
      self:finish(places[i], slice.failure)
    end
  end
  while self.pending > 0 do flush(self, fullest(self)) end
  heard.waited = core.slicer.waited(slicer) / math.max(core.system.clock() - began, 1e-9)
end

-- A file as a Signal, for front ends that need all of a song at once.
local function loaded(self, song, o)
  if signal.is(song) then return song end
  local read = audio.load(song.path, {rate = self.model.front.rate, start = (song.start or 0) + (o.start or 0),
    duration = song.duration or o.duration, channel = o.channel, partial = o.partial})
  if read:duration() == 0 then error("there is no sound in the part asked for", 0) end
  local said = audio.info(song.path)
  count(self.heard, said.rate, said.channels, o)
  return read
end

local function hear_whole(self, song, place, o)
  local fine, cut = pcall(function() return windows_of(self.model, loaded(self, song, o), o) end)
  local front, from = self.model.front, signal.is(song) and song.start * self.model.front.rate or 0
  for _, window in ipairs(fine and cut or {}) do
    self:put(place, {x = hearing.prepared(front, window.wave), start = from + window.start, count = window.count})
  end
  self:finish(place, not fine and tostring(cut) or nil)
end

local function work_of(model, songs, o, compute, listen)
  local self = setmetatable({model = model, compute = compute, listen = listen, batch_size = o.batch_size,
    length = windows.sizes(model.front, o), buckets = {}, pending = 0, open = {}, ended = {}, listeners = {}, done = 0,
    heard = {results = {}, failures = {}, notes = {}, rates = {}, mixed = 0}}, Work)
  for i = 1, #songs do self.open[i] = 0 end
  if o.progress and #songs > 1 then self.bar = progress.new(#songs, "listening") end
  return self
end

-- In words: what was done to the sound of files before the network heard it; nil: nothing.
local function words_of(model, heard)
  local parts = {}
  for _, rate in ipairs(text.keys(heard.rates)) do
    if rate ~= model.front.rate then
      local count = heard.rates[rate]
      parts[#parts + 1] = ("%d %s of %d Hz resampled"):format(count, count == 1 and "file" or "files", rate)
    end
  end
  if heard.mixed > 0 then parts[#parts + 1] = ("channels of %d mixed"):format(heard.mixed) end
  return #parts > 0 and ("heard at %d Hz: %s"):format(model.front.rate, table.concat(parts, ", ")) or nil
end

--- In words: what is done to the sound of a file before the network hears it; nil: nothing.
---     local words = hearing.words_of_file(model, "song.mp3")
---@param model moonlark.Pretrained
---@param path string
---@return string?
function hearing.words_of_file(model, path)
  local said = audio.info(path)
  return words_of(model, {rates = {[said.rate] = 1}, mixed = said.channels > 1 and 1 or 0})
end

-- Says what was done to the sound, and how long the network waited for it.
local function say(self)
  local heard, words = self.heard, {self.heard.said}
  if self.done > 1 and heard.waited then words[#words + 1] = ("%.1f %% of the time waiting for sound"):format(100 * heard.waited) end
  if #words > 0 then io.stderr:write(table.concat(words, "; "), "\n") end
end

--- Hears songs: calls `compute` with the input of each batch, and gives its rows to the listeners of the songs.
---@param model moonlark.Pretrained
---@param songs ({path: string, start: number?, duration: number?}|moonlark.Signal)[]
---@param o table  window, hop, start, duration (s), pad, channel, partial, batch_size, workers, progress
---@param compute fun(x: moonlark.Tensor): moonlark.Tensor  [n, …], a row a window, on the CPU
---@param listen fun(song: integer): moonlark.pretrained.Listener
---@param keep (fun(song: integer, made: any, notes: table|false|nil): any)?  what is kept of a song in the results
---@return moonlark.pretrained.Heard
function hearing.run(model, songs, o, compute, listen, keep)
  local self = work_of(model, songs, o, compute, listen)
  self.keep = keep
  local _ <close> = finally(function() if self.bar then self.bar:finish() end end)
  local files = {}
  for i, song in ipairs(songs) do
    if not (signal.is(song) or model.front.whole) then files[#files + 1] = i end
  end
  torch.no_grad(function()
    if #files > 0 then hear_files(self, songs, files, o) end
    for i, song in ipairs(songs) do
      if signal.is(song) or model.front.whole then hear_whole(self, song, i, o) end
    end
    while self.pending > 0 do flush(self, fullest(self)) end
  end)
  if self.bar then self.bar:finish() end
  self.heard.said = words_of(model, self.heard)
  if o.progress then say(self) end
  return self.heard
end

return hearing
