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

local click = require "moonlark.annotation.click"
local files = require "moonlark.base.files"
local formats = require "moonlark.annotation.formats"
local jams = require "moonlark.annotation.jams"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local shown = require "moonlark.annotation.shown"

local annotation = {}

local of_load = options.describe("annotation.load", {
  kind = options.text(options.none, "which annotation of the file, or what its segments are", {usual = "the only one"}),
  index = options.integer(nil, {least = 1, usual = "the only one"}, "which of those, of several"),
})

--- Endings of files that annotation.load reads.
annotation.endings = {".jams", ".lab", ".beats", ".csv", ".txt", ".textgrid", ".rttm", ".mid", ".midi", ".m3u8"}

---@class moonlark.Annotation
local Annotation = {}
Annotation.__name = "moonlark.Annotation"
Annotation.__class = Annotation -- for Tab: __index is a function

local lists = {times = "start", labels = "label", positions = "position", confidences = "confidence", pitches = "pitch",
  velocities = "velocity", values = "value"}

local function is_time(value) return type(value) == "number" and value == value and math.abs(value) < math.huge end

local function check_item(i, item)
  if type(item) ~= "table" then show.fail("item %d must be a table {start = seconds, …}, got %s", i, type(item)) end
  if not is_time(item.start) then
    show.fail("item %d: start must be a finite number of seconds, got %s", i, tostring(item.start))
  end
  if item.stop ~= nil and not (is_time(item.stop) and item.stop >= item.start) then
    show.fail("item %d: stop must be a time of at least %g s, where it starts, got %s", i, item.start,
      tostring(item.stop))
  end
  if item.label ~= nil and type(item.label) ~= "string" then
    show.fail("item %d: label must be text, got %s", i, type(item.label))
  end
end

-- In order of time; items that start together stay as they were given.
local function sort(items)
  local given = {}
  for i, item in ipairs(items) do given[item] = i end
  table.sort(items, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return given[a] < given[b]
  end)
end

--- Makes an annotation of a table that has the items as its list and the annotation's fields beside: `kind` is required,
--- any others (`duration`, `tempo` …) are kept. Items are sorted by time.
---
--- Errors: no kind; an item without a time, that stops before it starts, or whose label is no text.
---     local beats = annotation.new {kind = "beats", duration = 2, {start = 0.5, position = 1}, {start = 1, position = 2}}
---@param fields table
---@return moonlark.Annotation
function annotation.new(fields)
  if type(fields) ~= "table" then show.fail("an annotation is made of a table, got %s", type(fields)) end
  if type(fields.kind) ~= "string" then show.fail("kind must be text, such as beats, got %s", type(fields.kind)) end
  if fields.duration ~= nil and not (is_time(fields.duration) and fields.duration >= 0) then
    show.fail("duration must be a number of seconds, got %s", tostring(fields.duration))
  end
  for i, item in ipairs(fields) do check_item(i, item) end
  sort(fields)
  return setmetatable(fields, Annotation)
end

--- An annotation of events, of their times.
---     local onsets = annotation.events("onsets", {0.1, 0.6, 1.1}, {duration = 2})
---@param kind string
---@param times number[]|moonlark.Tensor  seconds
---@param fields table?  further fields of the annotation
---@return moonlark.Annotation
function annotation.events(kind, times, fields)
  local made = {kind = kind}
  for key, value in pairs(fields or {}) do made[key] = value end
  for i, time in ipairs(type(times) == "table" and times or times:totable()) do made[i] = {start = time} end
  return annotation.new(made)
end

--- An annotation of segments without gaps: a label for each stretch between two boundaries. Neighbours with the same
--- label become one segment.
---     local key = annotation.segments("key", {0, 12.5, 30}, {"A minor", "C major"})
---@param kind string
---@param boundaries number[]  seconds, one more than labels
---@param labels string[]
---@param fields table?  further fields of the annotation
---@return moonlark.Annotation
function annotation.segments(kind, boundaries, labels, fields)
  if #boundaries ~= #labels + 1 then
    show.fail("boundaries must be one more than the labels (%d), got %d", #labels, #boundaries)
  end
  local made = {kind = kind, duration = boundaries[#boundaries]}
  for key, value in pairs(fields or {}) do made[key] = value end
  for i, label in ipairs(labels) do
    local last = made[#made]
    if last and last.label == label then
      last.stop = boundaries[i + 1]
    else
      made[#made + 1] = {start = boundaries[i], stop = boundaries[i + 1], label = label}
    end
  end
  return annotation.new(made)
end

--- True for annotations.
---     if annotation.is(x) then print(#x) end
---@param value any
---@return boolean
function annotation.is(value) return getmetatable(value) == Annotation end

--- Raises unless `value` is an annotation (of the kind, when given).
---     annotation.check("beats", x, "beats")
---@param name string  the argument's name
---@param value any
---@param kind string?
---@return moonlark.Annotation
function annotation.check(name, value, kind)
  if not annotation.is(value) then
    show.fail("%s must be an Annotation, such as music.beats returns, got %s", name, type(value))
  end
  if kind and value.kind ~= kind then
    show.fail("%s must be an Annotation of %s, got one of %s", name, kind, show.name(value.kind))
  end
  return value
end

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

--- Writes it; the ending decides: .jams, .lab, .beats, .csv, .txt (labels of Audacity), .TextGrid (Praat), .rttm, .mid
--- (notes; beats as quarter notes), .m3u8 (chapters of the sound that the field `sound` names).
---
--- Errors: another ending; what such a file cannot hold, such as segments that overlap in a TextGrid.
---     music.beats("song.mp3"):save "song.beats"
---@param path string
function Annotation:save(path) formats.of(path).write(path, self) end

--- A waveform with a click at each start, higher at downbeats: to hear whether they are right. As long as `duration`, or
--- as the last click. Source: librosa.clicks (0.11).
---     audio.play(song + beats:click())
---@param given moonlark.Annotation.click.Options?
---@return moonlark.Signal
function Annotation:click(given) return click(self, given) end

-- Where item i stops; an event lasts to the next one.
local function stop_of(self, i)
  local item, next_one = self[i], self[i + 1]
  if item.stop then return item.stop end
  return next_one and next_one.start or math.max(item.start, rawget(self, "duration") or item.start)
end

local computed = {
  stops = function(self)
    local list = {}
    for i = 1, #self do list[i] = stop_of(self, i) end
    return list
  end,
  intervals = function(self)
    local list = {}
    for i, item in ipairs(self) do list[i] = {item.start, stop_of(self, i)} end
    return list
  end,
}

function Annotation:__index(key)
  if Annotation[key] ~= nil then return Annotation[key] end
  if computed[key] then return computed[key](self) end
  local field = lists[key]
  if not field then return nil end
  local list = {}
  for i, item in ipairs(self) do list[i] = item[field] end
  return list
end

--- The part between two times in seconds; segments are cut at them.
---     local chorus = chords:slice(30, 45)
---@param from number
---@param to number?  default: the end
---@return moonlark.Annotation
function Annotation:slice(from, to)
  to = to or math.huge
  if not (from <= to) then show.fail("to must not lie before from (%g s), got %g s", from, to) end
  local made = {}
  for key, value in pairs(self) do
    if type(key) ~= "number" then made[key] = value end
  end
  for _, item in ipairs(self) do
    local inside = item.stop and item.stop > from and item.start < to or not item.stop and item.start >= from
      and item.start < to
    if inside then
      local copy = {}
      for key, value in pairs(item) do copy[key] = value end
      if item.stop then copy.start, copy.stop = math.max(item.start, from), math.min(item.stop, to) end
      made[#made + 1] = copy
    end
  end
  return annotation.new(made)
end

--- A copy with some fields replaced; the items are shared.
---     local named = beats:with {duration = 30}
---@param changes table
---@return moonlark.Annotation
function Annotation:with(changes)
  local made = {}
  for key, value in pairs(self) do made[key] = value end
  for key, value in pairs(changes) do made[key] = value end
  return annotation.new(made)
end

Annotation.__tostring = shown.text

function Annotation:__display() return {["text/html"] = shown.html(self)} end

return annotation
