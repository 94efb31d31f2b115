--- Makes the synthetic corpus: short pieces in ten styles with the truth about each.
local command = require "moonlark.shell.command"
local corpus = require "moonlark.corpus"

local parser = command.parser("corpus", "Makes short pieces of music in ten styles. Beside each lies the truth about it "
  .. "as JAMS: tempo, beats, key, chords, sections, style. A run that was stopped goes on where it was.")
parser:argument("folder", "Where to put them: FOLDER/STYLE/STYLE.NNNNN.wav and .jams.")
parser:option("--clips", "Clips of each style."):argname "<n>":default "20":convert(command.integer(1, 99999))
parser:option("--seconds", "Length of a clip."):argname "<s>":default "12":convert(command.number(1, 600))
parser:option("--styles", "Only these: " .. table.concat(corpus.styles(), ",") .. "."):argname "<names>":convert(command.words)
parser:option("--workers", "Processes to use; 0: one for each core."):argname "<n>":default "0"
  :convert(command.integer(0, 256))
command.seed(parser)
local given = parser:parse()

local bar
local result = corpus.generate(given.folder, {
  clips = given.clips, seconds = given.seconds, seed = given.seed, styles = given.styles, workers = given.workers,
  progress = function(done, total)
    bar = bar or command.progress(total, "clips")
    bar:update(done)
  end,
})
if bar then bar:finish() end
print(("%s: %d clips made, %d were there"):format(given.folder, result.made, result.kept))
