--- Annotation: what is heard over time: events such as beats, or segments such as chords, with their labels.
---
---     local chords = annotation.new {kind = "chords", duration = 4,
---       {start = 0, stop = 2, label = "C:maj"}, {start = 2, stop = 4, label = "A:min", confidence = 0.8}}
---     for _, chord in ipairs(chords) do print(chord.start, chord.label) end
---     print(chords.times[2], chords.labels[2])
---
--- An annotation is the list of its items, in order of time. `#chords` is their number; lists of one field of all items
--- have the plural's name: `times`, `stops`, `labels`, `positions`, `confidences`, `pitches`, `velocities`, `values`.
---@class moonlark.Annotation
---@field kind string  "beats", "onsets", "tempo", "key", "chords", "sections", "voice", "notes", or any other word
---@field duration number?  seconds of the sound that it is about
---@field times number[]  where the items start, in seconds
---@field stops number[]  where they stop; of events where the next one starts, of the last one the end of the sound
---@field intervals number[][]  {start, stop} of each
---@field labels string[]
---@field positions integer[]  places in the bar
---@field confidences number[]
---@field sound string?  path or name of the sound, where a file or a person tells it
---@field [integer] moonlark.annotation.Item
---
---@class moonlark.annotation.Item
---@field start number  seconds
---@field stop number?  seconds; nil for events, which have no length
---@field label string?
---@field confidence number?  0..1
---@field position integer?  of beats: place in the bar, 1 on the downbeat
---@field pitch number?  of notes: MIDI number, 69 is 440 Hz; may lie between two semitones
---@field velocity number?  of notes: 0..1
---@field value number?  anything else that is a number

local annotation = require "moonlark.annotation.class"
local files = require "moonlark.base.files"
local formats = require "moonlark.annotation.formats"
local jams = require "moonlark.annotation.jams"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local tones = require "moonlark.annotation.tones"

local of_load = options.describe("annotation.load", {
  kind = options.text(options.none, "which annotation of the file, or what its segments are", {usual = "the only one"}),
  index = options.integer(nil, {least = 1, usual = "the only one"}, "which of those, of several"),
})

--- Endings of files that annotation.load reads.
annotation.endings = {".jams", ".lab", ".beats", ".csv", ".txt", ".textgrid", ".rttm", ".mid", ".midi", ".m3u8"}

--- All annotations of a file: .jams, .TextGrid (a tier each), .rttm (a sound each) and .mid (notes, drums, beats) may
--- hold several; .lab, .beats, .csv, .txt (labels of Audacity) and .m3u8 (chapters) hold one.
---
--- Errors: another ending; a line or an observation without a time, with its place.
---     for _, a in ipairs(annotation.load_all "song.jams") do print(a.kind, #a) end
---@param path string
---@return moonlark.Annotation[]
function annotation.load_all(path)
  local list = formats.of(path).read(path)
  for i, fields in ipairs(list) do list[i] = annotation.new(fields) end
  return list
end

local function kinds_of(list)
  local names = {}
  for i, a in ipairs(list) do names[i] = a.kind end
  return table.concat(names, ", ")
end

--- Reads an annotation: .jams, .lab, .beats, .csv (a line of names: start, stop, label …), .txt (labels of Audacity),
--- .TextGrid (Praat, a tier by its name), .rttm, .mid (notes, drums; beats by its tempi) or .m3u8 (chapters).
--- Files that do not say what they are of give kind "segments", or the kind that is asked for.
---
--- Errors: as of annotation.load_all; a file with several annotations, of which neither kind nor index names one;
--- without the kind that is asked for.
---     local chords = annotation.load("song.jams", {kind = "chords"})
---@param path string
---@param given moonlark.annotation.load.Options?
---@return moonlark.Annotation
function annotation.load(path, given)
  local o, list = of_load:read(given), annotation.load_all(path)
  if #list == 0 then show.fail("%s holds no annotation that is known here", path) end
  local fitting = {}
  for _, a in ipairs(list) do
    if not o.kind or a.kind == o.kind then fitting[#fitting + 1] = a
    elseif a.kind == "segments" then fitting[#fitting + 1] = a:with {kind = o.kind} end
  end
  if #fitting == 0 then show.fail("%s holds no %s (%s)", path, o.kind, kinds_of(list)) end
  if o.index then
    return fitting[o.index] or show.fail("index must be 1..%d: so many are in %s, got %d", #fitting, path, o.index)
  end
  if #fitting > 1 then
    show.fail("%s holds several annotations (%s): kind must name one, or index tell it by its number", path,
      kinds_of(fitting))
  end
  return fitting[1]
end

--- Writes several annotations of one sound as a JAMS file.
---     annotation.save_all("song.jams", {beats, chords}, {title = "song", duration = 30})
---@param path string  ends in .jams
---@param list moonlark.Annotation[]
---@param about {title: string?, duration: number?}?
function annotation.save_all(path, list, about)
  if select(2, files.stem(path)) ~= ".jams" then show.fail("%s must end in .jams, which holds several", path) end
  files.write(path, jams.write(list, about))
end

--- A waveform whose pitch follows a contour of Hz, such as feature.pyin gives; silent where that is 0 or NaN.
---
--- Errors: no Signal; several rows.
---     audio.play(annotation.tones((feature.pyin(song))))
---@param f0 moonlark.Signal
---@param given moonlark.Annotation.tones.Options?
---@return moonlark.Signal
function annotation.tones(f0, given) return tones.of_contour(signal.check("f0", f0), given) end

return annotation
