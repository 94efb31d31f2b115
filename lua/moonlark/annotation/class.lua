--- The class of annotations, and how they are made.
local align = require "moonlark.annotation.align"
local click = require "moonlark.annotation.click"
local formats = require "moonlark.annotation.formats"
local show = require "moonlark.base.show"
local shown = require "moonlark.annotation.shown"
local tones = require "moonlark.annotation.tones"

local annotation = {}

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

--- A waveform of its tones: chords, and keys as the chord of their tonic, in all octaves at once; notes as their pitches. As
--- long as `duration`, or as the last item; what sounds together is brought to one level. Source: mir_eval.sonify (0.8).
---
--- Errors: an annotation of anything else; a label that is no chord.
---     audio.play(song * 0.5 + music.chords(song):tones())
---@param given moonlark.Annotation.tones.Options?
---@return moonlark.Signal
function Annotation:tones(given) return tones.of_annotation(self, given) end

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
---     local chorus = chords:slice(10, 20)
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

--- At the times of another annotation, or of a list of times: each stretch between two of them takes what fills most of it,
--- and neighbours that were one segment stay one; events move to the nearest time, and of several at one time the nearest
--- stays. Items are new, the other fields are kept.
---
--- Errors: anything else; times that do not ascend.
---     local by_beat = music.chords(song):align(music.beats(song))
---@param onto moonlark.Annotation|number[]
---@return moonlark.Annotation
function Annotation:align(onto) return annotation.new(align.onto(self, onto)) end

--- From one time to another without gaps: what lies outside is cut, and where nothing is said stands `label`. Source:
--- mir_eval.util.adjust_intervals, which leaves gaps within.
---     local whole = chords:fit(0, song:duration(), "N")
---@param from number  seconds
---@param to number
---@param label string?  default: ""
---@return moonlark.Annotation
function Annotation:fit(from, to, label) return annotation.new(align.fit(self, from, to, label or "")) end

--- All figures of an estimate beside this one as the truth, as `moonlark score` gives them (metrics.compare).
---
--- Errors: no annotation; a kind that no metric is about.
---     print(annotation.load("song.jams", {kind = "beats"}):compare(music.beats "song.mp3"))
---@param estimate moonlark.Annotation
---@param task string?  default: what this annotation is about; or "downbeats"
---@return table<string, number>
function Annotation:compare(estimate, task)
  return require "moonlark_core".comparison().compare(self, estimate, task)
end

Annotation.__tostring = shown.text

function Annotation:__display() return {["text/html"] = shown.html(self)} end

return annotation
