-- What a kernel shows of values: pictures, tables, players, bars that move.
package.path = "tests/lua/?.lua;" .. package.path
local client = require "kernel_client"
local lib = require "lib"
local lu = require "luaunit"

TestShows = {}

local kernel

function TestShows:setUp() kernel = kernel or client.start() end

local function run(...) return kernel:run(...) end

function TestShows:test_a_picture_is_png_and_svg()
  local _, told = run "plot.lines({{1, 2, 4}})"
  local result = client.of_type(told, "execute_result")[1]
  lu.assertEquals(result.data["image/png"]:sub(1, 8), "iVBORw0K")
  lu.assertEquals(result.data["image/svg+xml"]:sub(1, 4), "<svg") -- no declaration: it goes into pages
  lu.assertStrContains(result.data["text/plain"], "figure")
  lu.assertTrue(result.metadata["image/png"].width > 100)
  _, told = run "plot.scatter(torch.randn {60000, 2})"
  result = client.of_type(told, "execute_result")[1]
  lu.assertNil(result.data["image/svg+xml"]) -- it has some MB
  lu.assertNotNil(result.data["image/png"])
end

function TestShows:test_a_display_is_replaced_in_its_place()
  local _, told = run "display(1, 'a') display(2, 'a') display(3)"
  lu.assertEquals({told[3].type, told[4].type, told[5].type}, {"display_data", "update_display_data", "display_data"})
  lu.assertEquals(told[3].content.transient.display_id, told[4].content.transient.display_id)
  _, told = run "display(4, 'a') clear(true)"
  lu.assertEquals({told[3].type, told[4].type}, {"display_data", "clear_output"})
  lu.assertTrue(told[4].content.wait)
end

function TestShows:test_a_value_says_how_it_is_shown()
  local _, told = run [[
local Clock = {__display = function(c)
  return {["text/html"] = "<b>" .. c.hour .. "</b> \xff", ["image/png"] = "\0\1\2",
    ["application/json"] = {h = c.hour}}, {["image/png"] = {width = 4}}
end}
clock = setmetatable({hour = 7}, Clock)
clock]]
  local result = client.of_type(told, "execute_result")[1]
  lu.assertEquals(result.data, {["text/html"] = "<b>7</b> \u{FFFD}", ["image/png"] = "AAEC",
    ["text/plain"] = "{hour = 7}", ["application/json"] = {h = 7}})
  lu.assertEquals(result.metadata, {["image/png"] = {width = 4}})
  local reply
  reply, told = run "setmetatable({}, {__display = function() error 'no ink' end})"
  lu.assertEquals(reply.status, "ok")
  lu.assertEquals(client.of_type(told, "execute_result")[1].data, {["text/plain"] = "{}"})
  lu.assertStrContains(client.printed(told, "stderr"), "no ink")
end

function TestShows:test_progress_moves_in_its_place()
  local _, told = run [[
local bar <close> = require "moonlark.base.progress".new(4, "counting")
for i = 1, 4 do require "moonlark_core".system.sleep(0.12) bar:update(i) end
bar:finish()]]
  local first, others = client.of_type(told, "display_data"), client.of_type(told, "update_display_data")
  lu.assertEquals(#first, 1)
  lu.assertStrContains(first[1].data["text/html"], '<progress value="1" max="4"')
  lu.assertEquals(#others, 4)
  lu.assertEquals(others[4].transient, first[1].transient)
  lu.assertStrContains(others[4].data["text/plain"], "counting  4/4")
  lu.assertEquals(client.printed(told, "stderr"), "")
end

function TestShows:test_a_sound_is_a_player()
  local _, told = run [[
local signal = require "moonlark.signal"
audio.play(signal.new {data = torch.zeros {1, 800}, rate = 8000, kind = "waveform"})]]
  local shown = client.of_type(told, "display_data")[1].data
  lu.assertStrContains(shown["text/html"], '<audio controls preload="metadata" src="data:audio/wav;base64,UklGR')
  lu.assertStrContains(shown["text/plain"], "waveform")
end

lib.run()
