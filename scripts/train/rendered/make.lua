--- Makes music with exact truth to train networks with: arranged in many styles, played by fluidsynth.
---
---     apt-get install fluidsynth fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont csound-soundfont
---     moonlark scripts/train/rendered/make.lua data/train --pop909 POP909 --first 1 --last 800 --clips 480 --seed 1
---     moonlark scripts/train/rendered/make.lua data/test --pop909 POP909 --first 801 --last 909 --clips 75 --seed 2
---
--- POP909 (github music-x-lab/POP909-Dataset, MIT) gives every other clip its harmony and melody; without it all is made up.
--- The same seed, fonts and fluidsynth give the same clips. A run that was stopped goes on where it was.
local annotation = require "moonlark.annotation"
local arrange = require "scripts.train.rendered.arrange"
local audio = require "moonlark.audio"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local midi = require "moonlark.base.midi"
local options = require "moonlark.base.options"
local pop909 = require "scripts.train.rendered.pop909"
local random = require "moonlark.corpus.random"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/rendered/make.lua", "Makes music with exact truth to train networks with.")
parser:argument("folder", "Where to put NAME.wav with NAME.jams beside.")
parser:option("--pop909", "The folder of POP909's songs, 001 to 909."):argname "<folder>"
command.option(parser, "first", options.integer(1, {least = 1, most = 909}, "the first of its songs that may be taken"))
command.option(parser, "last", options.integer(800, {least = 1, most = 909}, "the last one"))
command.option(parser, "clips", options.integer(100, {least = 1}, "how many clips"))
parser:flag("--solo", "Melodies alone: what is left of a piece without its other parts.")
command.option(parser, "seconds", options.number(30, {least = 5, unit = "s"}, "how long each is"))
parser:option("--fonts", "A folder of sound fonts (.sf2)."):argname "<folder>":default "/usr/share/sounds/sf2"
command.seed(parser)
local args = parser:parse()

local rate = 22050

local function quoted(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

local fonts = {}
for _, path in ipairs(files.tree(args.fonts, {".sf2"})) do
  if not path:find "default%-GM" then fonts[#fonts + 1] = path end -- a link to one of the others
end
if #fonts == 0 then show.fail("%s holds no sound font (.sf2)", args.fonts) end

local work = files.temporary_folder()

-- The sound of tracks, through one of the fonts: mono, as long as it is.
local function play(tracks, font, gain)
  local score, sound = files.join(work, "score.mid"), files.join(work, "sound.wav")
  files.write(score, midi.write(tracks))
  local line = ("fluidsynth -ni -q -r %d -g %.2f -o synth.dynamic-sample-loading=1 -F %s %s %s >/dev/null 2>&1"):format(rate,
    gain, quoted(sound), quoted(font), quoted(score))
  if not os.execute(line) then show.fail("fluidsynth could not play: is it installed?") end
  return audio.load(sound, {rate = rate})
end

-- As recordings differ: hiss, and less treble.
local function spoil(data, dice)
  local peak = data:abs():max():item()
  if peak < 1e-4 then return nil end
  data = data * (dice:uniform(0.3, 0.95) / peak)
  if dice:chance(0.3) then
    local level = data:std():item() * 10 ^ (-dice:uniform(15, 40) / 20)
    data = data + torch.randn(data:shape()) * level
  end
  if dice:chance(0.25) then
    local taps = dice:integer(2, 4)
    data = data:unsqueeze(0):avg_pool1d({taps}, {1}, {taps // 2}, false, false):squeeze(0):narrow(1, 0, data:size(1))
  end
  return data:clamp(-1, 1)
end

local function items(list, field)
  local made = {}
  for i, one in ipairs(list) do
    made[i] = {start = one.time, stop = one.duration and one.time + one.duration, [field] = one.value}
  end
  return made
end

local function write(name, song, truth)
  local function noted(kind, made)
    made.kind, made.duration = kind, args.seconds
    return annotation.new(made)
  end
  local list = {noted("beats", items(truth.beats, "position")), noted("chords", items(truth.chords, "label")),
    noted("tempo", {{start = 0, stop = args.seconds, value = truth.bpm}}),
    noted("tags", {{start = 0, stop = args.seconds, label = truth.style}})}
  if truth.key then list[#list + 1] = noted("key", {{start = 0, stop = args.seconds, label = (truth.key:gsub(":", " "))}}) end
  audio.save(files.join(args.folder, name .. ".wav"), song)
  annotation.save_all(files.join(args.folder, name .. ".jams"), list, {title = name, duration = args.seconds})
end

local melody_channel = 4

-- The melodies among tracks; none where they are too short to be learnt from.
local function melodies(tracks)
  local list = {}
  for _, track in ipairs(tracks) do
    if track.channel == melody_channel and #track.notes > 20 then list[#list + 1] = track end
  end
  return list
end

-- A piece; with --solo the first that has a melody.
local function piece(dice, song)
  while true do
    local tracks, truth = arrange.piece(dice, args.seconds, song)
    if not args.solo then return tracks, truth end
    tracks = melodies(tracks)
    if #tracks > 0 then return tracks, truth end
  end
end

local function make(number)
  local name = ("clip%05d"):format(number)
  if files.exists(files.join(args.folder, name .. ".jams")) then return end
  local dice, song = random.new("rendered", args.seed, number), nil
  torch.manual_seed(args.seed * 100000 + number)
  if args.pop909 and number % 2 == 0 then song = pop909.read(args.pop909, dice:integer(args.first, args.last)) end
  local tracks, truth = piece(dice, song)
  local sound = play(tracks, dice:pick(fonts), dice:uniform(0.3, 0.6))
  local n = math.floor(args.seconds * rate)
  local data = sound.data
  data = data:size(1) < n and data:constant_pad_nd({0, n - data:size(1)}, 0) or data:narrow(1, 0, n)
  data = spoil(data, dice)
  if data then write(name, sound:with {data = data:contiguous()}, truth) end
end

files.mkdirs(args.folder)
for number = 1, args.clips do
  make(number)
  if number % 25 == 0 then io.stderr:write(("%d of %d clips\n"):format(number, args.clips)) end
end
files.remove(work)
