--- A synthetic corpus: short pieces in ten styles, with the truth about each beside it.
---
---     local corpus = require "moonlark.corpus"
---     corpus.generate("demo", {clips = 20, workers = 2})
---
--- A test bench: tempo, beats, key, chords and sections are known exactly, because the clips are played
--- from a score. The same seed gives the same bytes, whatever the order or the number of workers.
---
--- The files: DIR/<style>/<style>.NNNNN.wav (22 050 Hz, 16 bits, mono), .jams beside each, DIR/corpus.json.
local claim = require "moonlark.base.claim"
local compose = require "moonlark.corpus.compose"
local files = require "moonlark.base.files"
local jams = require "moonlark.corpus.jams"
local json = require "moonlark.base.json"
local mix = require "moonlark.corpus.mix"
local options = require "moonlark.base.options"
local progress = require "moonlark.base.progress"
local random = require "moonlark.corpus.random"
local show = require "moonlark.base.show"
local styles = require "moonlark.corpus.styles"
local wav = require "moonlark.corpus.wav"
local text = require "moonlark.base.text"
local worker = require "moonlark.base.worker"

local corpus = {}

--- Sample rate of all clips, in Hz.
corpus.rate = 22050

-- Grows when the same seed would give other samples.
local GENERATION = 1

--- The names of the styles, sorted.
---     for _, style in ipairs(corpus.styles()) do print(style) end
---@return string[]
function corpus.styles() return text.keys(styles) end

local shared = {
  seed = options.integer(0, nil, "of all that is drawn"),
  seconds = options.number(12, {least = 1, most = 600, unit = "s"}, "length of a clip"),
}
local of_clip = options.describe("corpus.clip", shared)
local of_generate = options.describe("corpus.generate", {
  clips = options.integer(20, {least = 1, most = 99999}, "clips of each style"),
  styles = options.list(options.choice(corpus.styles()), options.none, {usual = "all"}, "only these"),
  workers = options.integer(1, {least = 0, most = 256}, "processes to use; 0: one for each core"),
  progress = options.either(options.none, {options.boolean(), options.callable(nil, "f(done, total)",
    "fun(done: integer, total: integer)")}, "a bar on standard error; a function is called after each clip"),
}, shared)

--- One clip, in memory. Errors: a style that is none of corpus.styles().
---     local samples, piece = corpus.clip("jazz", 3, {seconds = 30})
---@param style string  one of corpus.styles()
---@param index integer?  which clip of the style, from 0
---@param given moonlark.corpus.clip.Options?
---@return number[] samples  at corpus.rate, 1-based
---@return table piece  tempo, key, beats, chords, sections (times in seconds)
---@return table made  instruments and mix that were drawn
function corpus.clip(style, index, given)
  local settings = of_clip:read(given)
  if not styles[style] then options.unknown("style", style, corpus.styles()) end
  local rng = random.new(settings.seed, style, index or 0)
  local piece = compose.piece(styles[style], rng:fork "score", settings.seconds)
  local samples, made = mix.play(piece, styles[style], rng:fork "sound", corpus.rate)
  return samples, piece, made
end

-- Calls f(path without its ending, style, index) for each clip, in turn from the styles: a stopped run is balanced.
local function each_clip(folder, settings, f)
  for index = 0, settings.clips - 1 do
    for _, style in ipairs(settings.styles) do
      f(files.join(folder, style, ("%s.%05d"):format(style, index)), style, index)
    end
  end
end

local function make_clip(path, style, index, settings)
  local samples, piece, made = corpus.clip(style, index, {seed = settings.seed, seconds = settings.seconds})
  made.seed, made.index = settings.seed, index
  files.write(path .. ".wav", wav.encode(samples, corpus.rate))
  files.write(path .. ".jams", jams.encode(piece, ("%s %05d"):format(style, index), style, made))
end

-- Clips that are not there yet, as {path, style, index}. The JAMS is written last: where it lies, the clip is whole.
local function missing(folder, settings)
  local todo = {}
  each_clip(folder, settings, function(path, ...)
    if not (files.exists(path .. ".jams") and files.exists(path .. ".wav")) then todo[#todo + 1] = {path, ...} end
  end)
  return todo
end

-- In a folder that holds no corpus yet, no clip's place is taken.
local function check_free(folder, settings)
  each_clip(folder, settings, function(path)
    for _, ending in ipairs {".wav", ".jams"} do
      if claim.kind(path .. ending) then
        show.fail("%s is there already, and %s holds no corpus: choose another folder", path .. ending, folder)
      end
    end
  end)
end

-- A folder holds clips of one kind only: these settings change every clip.
local function check_folder(folder, settings)
  local path = files.join(folder, "corpus.json")
  if not files.exists(path) then return check_free(folder, settings) end
  local found = json.read(path, {generation = "number", seed = "number", seconds = "number", rate = "number"})
  for _, key in ipairs {"generation", "seed", "seconds", "rate"} do
    if found[key] ~= settings[key] then
      show.fail("%s holds a corpus of %s %s, not %s: choose another folder or remove that one",
        folder, key, ("%.14g"):format(found[key]), ("%.14g"):format(settings[key]))
    end
  end
end

-- Starts another process of this program that makes every n-th of the missing clips.
local function start_worker(folder, settings, part, parts)
  return worker.start("moonlark.corpus.worker", {folder = folder, clips = settings.clips, seconds = settings.seconds,
    seed = settings.seed, styles = settings.styles, part = part, parts = parts})
end

-- One line comes from a worker for each clip; they are read in turn, since the workers keep pace.
local function run_workers(folder, settings, parts, tell)
  local workers, failed = {}, false
  for part = 1, parts do workers[part] = start_worker(folder, settings, part, parts) end
  while #workers > 0 do
    for i = #workers, 1, -1 do
      if workers[i]:read "l" then
        tell()
      else
        failed = not workers[i]:close() or failed
        table.remove(workers, i)
      end
    end
  end
  if failed then error("a worker of the corpus failed; what is finished is kept", 0) end
end

-- What a worker does: makes its share of the missing clips, calling `tell` after each.
function corpus._make_part(folder, settings, part, parts, tell)
  for i, clip in ipairs(missing(folder, settings)) do
    if i % parts == part % parts then
      make_clip(clip[1], clip[2], clip[3], settings)
      tell()
    end
  end
end

-- Who is told of each clip, and what is to be done at the end.
local function listener(wish)
  if wish ~= true then return wish or function() end, function() end end
  local bar
  return function(done, total)
    bar = bar or progress.new(total, "clips")
    bar:update(done)
  end, function()
    if bar then bar:finish() end
  end
end

--- Makes a corpus in a folder. Clips that are there are kept, so a stopped run goes on where it was.
---
--- Errors: another process writes the folder, its clips were made with other settings, or files of other origin are in
--- the way.
---     corpus.generate("demo", {clips = 20, workers = 2})
---@param folder string
---@param given moonlark.corpus.generate.Options?
---@return {made: integer, kept: integer}
function corpus.generate(folder, given)
  local settings = of_generate:read(given)
  settings.styles = settings.styles or corpus.styles()
  settings.seconds = settings.seconds + 0.0
  settings.generation, settings.rate = GENERATION, corpus.rate
  files.mkdirs(folder)
  local lock <close> = claim.lock(folder, ".corpus.lock")
  check_folder(folder, settings)

  for _, style in ipairs(settings.styles) do claim.mkdirs(folder, style) end
  files.write(files.join(folder, "corpus.json"), json.encode({
    generation = GENERATION, rate = corpus.rate, clips = settings.clips, seconds = settings.seconds,
    seed = settings.seed, styles = settings.styles,
  }, "  ") .. "\n")

  local total = #settings.styles * settings.clips
  local kept = total - #missing(folder, settings)
  local done, listen, finish = kept, listener(settings.progress)
  local function tell()
    done = done + 1
    listen(done, total)
  end
  local workers = settings.workers > 0 and settings.workers or require("moonlark_core").system.cores()
  workers = math.min(workers, total - kept)
  if workers > 1 then
    run_workers(folder, settings, workers, tell)
  else
    corpus._make_part(folder, settings, 1, 1, tell)
  end
  finish()
  return {made = done - kept, kept = kept}
end

return corpus
