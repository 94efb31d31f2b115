-- A Signal computes as its tensor does, and keeps its times.
local lib = require "lib"
local lu = require "luaunit"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local function map(values, changes)
  local fields = {data = torch.tensor(values), rate = 10, start = 1, kind = "mel", unit = "dB",
    axis = {name = "frequency", unit = "Hz", values = {100, 200}}, made = {feature = "mel"}}
  for key, value in pairs(changes or {}) do fields[key] = value end
  return signal.new(fields)
end

local mel = map {{1.0, 2, 3}, {4, 5, 6}}

TestSignal = {}

function TestSignal:test_operators_compute_on_the_tensor()
  for _, case in ipairs {
    {mel + 1, {{2, 3, 4}, {5, 6, 7}}}, {1 - mel, {{0, -1, -2}, {-3, -4, -5}}}, {mel * mel, {{1, 4, 9}, {16, 25, 36}}},
    {mel / 2, {{.5, 1, 1.5}, {2, 2.5, 3}}}, {mel ^ 2, {{1, 4, 9}, {16, 25, 36}}}, {mel % 2, {{1, 0, 1}, {0, 1, 0}}},
    {-mel, {{-1, -2, -3}, {-4, -5, -6}}}, {mel + torch.tensor {1.0, 2, 3}, {{2, 4, 6}, {5, 7, 9}}},
  } do
    lu.assertTrue(signal.is(case[1]))
    lu.assertEquals(case[1].data:totable(), case[2])
    lu.assertEquals({case[1].rate, case[1].start, case[1].axis.values[2]}, {10, 1, 200})
  end
end

function TestSignal:test_methods_are_the_tensors()
  lu.assertEquals(mel:mean():item(), 3.5)
  lu.assertEquals(mel:mean({1}):totable(), {2, 5})
  lu.assertEquals(mel:clamp(2, 5).data:totable(), {{2, 2, 3}, {4, 5, 5}})
  lu.assertTrue(signal.is(mel:log()))
  lu.assertEquals(mel:add(mel).data:totable(), {{2, 4, 6}, {8, 10, 12}})
  lu.assertFalse(signal.is(mel:t()))
  lu.assertFalse(signal.is(map({{1.0, 2}, {3, 4}}):t())) -- square, but rows are frames now
end

function TestSignal:test_length_and_shape()
  lu.assertEquals(#mel, 3)
  lu.assertEquals({mel.shape[1], mel.shape[2], #mel.shape}, {2, 3, 2})
  lu.assertEquals(mel:shape()[2], 3)
  lu.assertEquals(tostring(mel.shape), "2 × 3")
end

function TestSignal:test_the_unit_stays_where_it_holds()
  lu.assertEquals((mel + 3).unit, "dB")
  lu.assertNil((mel * 3).unit)
  lu.assertNil(mel:exp().unit)
  lu.assertEquals(mel.unit, "dB")
end

function TestSignal:test_what_was_done_is_recorded()
  lu.assertEquals(((mel + 1):log()).made, {feature = "mel", operations = {"add", "log"}})
  lu.assertEquals(mel.made, {feature = "mel"})
end

function TestSignal:test_a_curve_meets_a_map()
  local curve = map({{1.0, 0, 2}}, {kind = "rms", unit = false})
  for _, product in ipairs {mel * curve, curve * mel} do
    lu.assertEquals({product.kind, product.data:totable()}, {"mel", {{1, 0, 6}, {4, 0, 12}}})
  end
end

function TestSignal:test_signals_of_other_times_do_not_meet()
  local faster, later = map({{1.0, 2, 3}, {4, 5, 6}}, {rate = 20}), map({{1.0, 2, 3}, {4, 5, 6}}, {start = 2})
  lib.fails("two Signals must have the same times: 10 frames/s from 1 s, and 20 frames/s from 1 s",
    function() return mel + faster end)
  lib.fails("from 1 s, and 10 frames/s from 2 s", function() return mel:maximum(later) end)
end

function TestSignal:test_other_names_are_nil()
  lu.assertNil(mel.foo)
  lu.assertNil(signal.new({data = torch.zeros {1, 2}, rate = 1, kind = "waveform"}).axis)
end

lib.run()
