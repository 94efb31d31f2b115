--- Says what a model from elsewhere hears over time: chords, speech, pitch, beats, notes.
local command = require "moonlark.shell.command"
local json = require "moonlark.base.json"
local one_song = require "moonlark.shell.song"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local parser = command.parser("track", "Says what a model from elsewhere hears over time: chords, speech, pitch, beats, "
  .. "notes.")
parser:epilog [[
  moonlark track models/chordia song.mp3                     chords: a line each, seconds from and to
  moonlark track models/silero talk.mp3 --json               stretches of speech
  moonlark track models/crepe song.mp3 --out pitch.npz       curves as arrays, and the times of their frames

Models that say no stretches are shown by their curves, which --out writes: .npz, .safetensors, .mat.]]
one_song.arguments(parser)
parser:option("--out -o", "Where to write the curves."):argname "<file>"
command.json(parser)
local args = parser:parse()

local model, song = one_song.open(args)
local heard = model:track(song)

-- The curves by name, in order.
local names = {}
for _, name in ipairs(text.keys(heard)) do
  if name ~= "segments" then names[#names + 1] = name end
end

if args.out then
  local arrays = {times = heard[names[1]]:times()}
  for _, name in ipairs(names) do arrays[name] = heard[name].data end
  require "moonlark.torch".save(args.out, arrays)
end

if args.json then
  print(json.encode({path = args.song, segments = json.array(heard.segments or {})}, "  "))
elseif heard.segments then
  for _, one in ipairs(heard.segments) do
    print(("%.2f\t%.2f\t%s"):format(one.start, one.stop, show.name(one.label)))
  end
else
  for _, name in ipairs(names) do print(show.format("%s", tostring(heard[name]))) end
end
