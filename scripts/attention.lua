--- Draws where in a song a transformer looks, over the song's mel spectrogram.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local one_song = require "moonlark.shell.song"
local show = require "moonlark.base.show"

local parser = command.parser("attention",
  "Draws where in a song a transformer looks, over the song's mel spectrogram.")
parser:epilog [[
  moonlark attention models/whisper-tiny.en song.mp3                     in a window, else in the terminal
  moonlark attention models/ast song.mp3 --layer 2 --out attention.png   the third layer, the mean of its heads
  moonlark attention models/ast song.mp3 --class Guitar --out why.png    what speaks for a class
  moonlark attention models/ast song.mp3 --rollout --out rollout.png     through all layers

Bright is what the network looks at, dark what it does not; the curve below says how much each moment is looked at.
--query all draws the map of the first window instead, a row for each moment that looks.]]
one_song.arguments(parser)
require "moonlark.plot" -- describes its options
command.options(parser, options.described "Pretrained:attention", {"layer", "head", "query", "rollout", "class",
  "window"})
command.options(parser, options.described "plot.attention", {"contrast", "width_mm", "height_mm", "font_size"})
command.options(parser, options.described "Figure:save", {"dpi"})
parser:option("--out -o", "Where to write: .png, .svg or .pdf."):argname "<file>"
parser:flag("--show", "Show the picture; without --out it is always shown.")
local args = parser:parse()

local figure, plot = require "moonlark.plot.figure", require "moonlark.plot"
if args.out then figure.kind_of(args.out) end -- refused before the work

local model, song = one_song.open(args)
local map = model:attention(song, {layer = args.layer, head = args.head, query = args.query, rollout = args.rollout,
  class = args.class, window = args.window})

-- What the picture is of: "song.mp3, layer -1, mean of heads".
local function title()
  local _, name = files.split(args.song)
  local what = args.class and ("what speaks for %s"):format(show.name(args.class)) or args.rollout and "rollout"
    or args.head == "mean" and "mean of heads" or ("head %d"):format(args.head)
  return ("%s, layer %d, %s"):format(show.name(name), args.layer, what)
end

local page = plot.attention(require "moonlark.feature".mel(song), map, {title = title(), contrast = args.contrast,
  width_mm = args.width_mm, height_mm = args.height_mm, font_size = args.font_size})
if args.out then page:save(args.out, {dpi = args.dpi}) end
if args.show or not args.out then page:show() end
