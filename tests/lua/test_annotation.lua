-- Annotations: items in order, lists of their fields, slices, and errors in words.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"

local raises = lib.fails

TestAnnotation = {}

function TestAnnotation:test_events()
  local beats = annotation.new {kind = "beats", duration = 2, tempo = 120,
    {start = 1, position = 2}, {start = 0.5, position = 1}}
  lu.assertEquals(beats.times, {0.5, 1})
  lu.assertEquals(beats.positions, {1, 2})
  lu.assertEquals(beats.stops, {1, 2})
  lu.assertEquals(beats.intervals, {{0.5, 1}, {1, 2}})
  lu.assertEquals(beats.tempo, 120)
  lu.assertNil(beats.meter)
  lu.assertEquals(annotation.events("onsets", {0.25, 0.1}).times, {0.1, 0.25})
  lu.assertEquals(annotation.events("onsets", {}).times, {})
end

function TestAnnotation:test_segments()
  local key = annotation.segments("key", {0, 10, 20, 30}, {"A minor", "A minor", "C major"})
  lu.assertEquals(#key, 2)
  lu.assertEquals(key.intervals, {{0, 20}, {20, 30}})
  lu.assertEquals(key.labels, {"A minor", "C major"})
  lu.assertEquals(key.duration, 30)
  local part = key:slice(15, 25)
  lu.assertEquals(part.intervals, {{15, 20}, {20, 25}})
  lu.assertEquals(key[1].stop, 20) -- the items of the whole are not touched
  lu.assertStrContains(tostring(key), "A minor")
  lu.assertEquals(#annotation.events("beats", {1, 2, 3}):slice(2, 3), 1)
end

function TestAnnotation:test_errors()
  raises("kind must be text, such as beats, got nil", annotation.new, {})
  raises("item 1: start must be a finite number of seconds, got nil", annotation.new, {kind = "beats", {}})
  raises("item 1: stop must be a time of at least 2 s", annotation.new, {kind = "beats", {start = 2, stop = 1}})
  raises("item 1: label must be text, got number", annotation.new, {kind = "chords", {start = 2, label = 1}})
  raises("boundaries must be one more than the labels (1), got 1", annotation.segments, "key", {0}, {"C major"})
  raises("beats must be an Annotation, such as music.beats returns, got table", annotation.check, "beats", {})
  raises("chords must be an Annotation of chords, got one of beats", annotation.check, "chords",
    annotation.new {kind = "beats"}, "chords")
  raises("to must not lie before from (3 s), got 1 s", annotation.new {kind = "beats"}.slice,
    annotation.new {kind = "beats"}, 3, 1)
end

lib.run()
