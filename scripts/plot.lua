--- Draws features of songs: waveform, mel, chroma … below each other, several songs side by side.
local arguments = require "moonlark.shell.dataset"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local parser = command.parser("plot",
  "Draws features of songs: waveform, mel, chroma … below each other, several songs side by side.")
parser:epilog [[
  moonlark plot song.mp3                                  in a window, else in the terminal
  moonlark plot a.mp3 b.mp3 --features mel,chroma_cqt,tonnetz,mfcc --duration 30 --out songs.png
  moonlark plot song.mp3 --width-mm 170 --out song.pdf    at its size on paper

Spectra are in decibels. All songs have one scale of time, loudness and colours, unless --scales own gives each its
own. Exit code: 0, 3 when some songs could not be read, 1 when none could, 2 for wrong usage.]]
parser:argument("songs", "Sound files."):args "+"
arguments.add(parser, "mel,chroma_cqt")
parser:flag("--no-waveform", "Leave the waveform out.")
parser:option("--out -o", "Where to write: .png, .svg or .pdf."):argname "<file>"
parser:flag("--show", "Show the picture; without --out it is always shown.")
require "moonlark.plot" -- describes the options
command.options(parser, options.described "plot.songs", {"scales", "title", "width_mm", "height_mm", "font_size"})
command.options(parser, options.described "Figure:save", {"dpi"})
local args = parser:parse()

local figure, plot = require "moonlark.plot.figure", require "moonlark.plot"
if args.out then figure.kind_of(args.out) end -- refused before the work

-- The part of each file that is read here is the whole that the recipe sees.
local function recipe_of_all()
  local settings = arguments.recipe(args):settings()
  settings.start, settings.duration, settings.pad = nil, nil, nil
  return require "moonlark.feature".recipe(settings)
end

local recipe = recipe_of_all()

-- The Signals of a song in the order in which they were asked for.
local function signals_of(path)
  local song = require "moonlark.audio".load(path, {rate = args.rate, start = args.start, duration = args.duration,
    pad = args.pad, channel = args.channel, partial = args.partial})
  local made, list = recipe:apply(song), {}
  if not args.no_waveform then list[1] = song end
  for _, name in ipairs(args.features) do list[#list + 1] = made[name] end
  return list
end

local songs, names, rejected = {}, {}, {}
for _, path in ipairs(args.songs) do
  local ok, made = pcall(signals_of, path)
  if ok then
    local _, name = files.split(path)
    songs[#songs + 1], names[#names + 1] = made, name
  else
    if require "moonlark_core".system.interrupted() then error(made, 0) end
    rejected[#rejected + 1] = made
  end
end
if #songs == 0 then error(rejected[1], 0) end

local page = plot.songs(songs, {names = names, scales = args.scales, title = args.title, width_mm = args.width_mm,
  height_mm = args.height_mm, font_size = args.font_size})
if args.out then page:save(args.out, {dpi = args.dpi}) end
if args.show or not args.out then page:show() end
for _, why in ipairs(rejected) do io.stderr:write(show.format("moonlark plot: left out: %s\n", tostring(why))) end
if #rejected > 0 then os.exit(3, true) end
