-- A function of one's own in C, called from Lua with tensors: an envelope that rises fast and falls slowly.
--
--     moonlark examples/08_a_function_in_c.lua song.mp3 envelope.png
--
-- Without a song it takes a clip of the synthetic corpus. Each sample of the envelope depends on the one before, which
-- no operator on whole tensors can do. The C source is examples/c/envelope.c; here it is compiled first, into the
-- folder in which you stand. `require "envelope"` finds envelope.so beside a script, or where package.cpath and
-- LUA_CPATH say.
local audio = require "moonlark.audio"
local moonlark = require "moonlark"
local plot = require "moonlark.plot"

local path, picture = arg[1], arg[2] or "envelope.png"
if not path then
  require("moonlark.corpus").generate("runs/song", {clips = 1, styles = {"jazz"}})
  path = "runs/song/jazz/jazz.00000.wav"
end

local source = arg[0]:gsub("[^/]*$", "") .. "c/envelope.c"
local compile = ("${CC:-cc} -O2 -shared -fPIC $(pkg-config --cflags lua5.4) -I'%s/../../include' -o envelope.so '%s'")
  :format(moonlark.home, source)
print(compile)
assert(os.execute(compile), "the C compiler failed")
package.cpath = "./?.so;" .. package.cpath
local envelope = require "envelope"

local song = audio.load(path)

-- What one says in seconds, as a share of the distance that a sample makes good.
local function speed(seconds) return 1 - math.exp(-1 / (seconds * song.rate)) end

local outline = song:with {data = envelope.follow(song.data, speed(0.005), speed(0.2)), kind = "envelope"}
print(song)
print(outline)
assert(outline.data:ge(0):all():item() and outline.data:max():item() <= song.data:abs():max():item())

plot.grid({plot.waveform(song, {title = "Waveform"}), plot.lines(outline, {title = "Envelope"})}, {columns = 1})
  :save(picture)
print("wrote " .. picture)
