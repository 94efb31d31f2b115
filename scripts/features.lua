--- Computes features of one sound file, frames kept, and writes them to a file.
local arguments = require "moonlark.shell.dataset"
local command = require "moonlark.shell.command"
local show = require "moonlark.base.show"

local parser = command.parser("features",
  "Computes features of one sound file, frames kept, and writes them to a file.")
parser:epilog [[
  moonlark features song.mp3 --features mel,mfcc --set mel.n_mels=64 --out song.npz

.safetensors, .npz and .h5 hold an array rows x frames for each feature; .csv a line for each frame; .npy one
array (several features: song.mel.npy, song.mfcc.npy). Exit code: 0, 1 when the file cannot be read or a
setting is wrong, 2 for wrong usage.]]
parser:argument("song", "A sound file.")
arguments.add(parser)
local formats = table.concat(require "moonlark_core".store.formats "frames", ", ."):gsub(", (%.%w+)$", " or %1")
parser:option("--out -o", ("Where to write: .%s."):format(formats)):argname "<file>":count(1)
local args = parser:parse()

local recipe = arguments.recipe(args)
local song = require "moonlark.dataset".files {args.song}
local result = song:extract_to(recipe, {args.out}, {workers = 1, progress = false})
local bad = result.rejected[1]
if bad then show.fail("%s: %s", bad.path, bad.reason) end
