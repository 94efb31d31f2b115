--- Says what a model from elsewhere hears over time: chords, speech, pitch, beats, notes.
local command = require "moonlark.shell.command"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local parser = command.parser("track", "Says what a model from elsewhere hears over time: chords, speech, pitch, beats, "
  .. "notes.")
parser:epilog [[
  moonlark track models/chordia song.mp3                     chords: a line each, seconds from and to
  moonlark track models/silero talk.mp3 --json               stretches of speech
  moonlark track models/crepe song.mp3 --out pitch.npz       curves as arrays, and the times of their frames

Models that say no stretches are shown by their curves, which --out writes: .npz, .safetensors, .mat.]]
parser:argument("model", "A folder or file of weights, a name of moonlark models, or org/name on a hub.")
parser:argument("song", "A sound file.")
require "moonlark.pretrained"
command.options(parser, options.described "pretrained.open", {"device"})
parser:option("--start", "Seconds at which to begin."):convert(tonumber):default "0"
parser:option("--duration", "Seconds to hear."):convert(tonumber)
parser:option("--out -o", "Where to write the curves."):argname "<file>"
command.json(parser)
local args = parser:parse()

local model = require "moonlark.pretrained".open(args.model, {device = args.device})
local song = require "moonlark.audio".load(args.song, {rate = model.front.rate, start = args.start,
  duration = args.duration})
local said = require "moonlark.pretrained.hearing".words_of_file(model, args.song)
if said then io.stderr:write(said, "\n") end
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
