--- Makes the synthetic corpus: short pieces in ten styles with the truth about each.
local command = require "moonlark.shell.command"
local corpus = require "moonlark.corpus"
local options = require "moonlark.base.options"

local parser = command.parser("corpus", "Makes short pieces of music in ten styles. Beside each lies the truth about "
  .. "it as JAMS: tempo, beats, key, chords, sections, style. A run that was stopped goes on where it was.")
parser:argument("folder", "Where to put them: FOLDER/STYLE/STYLE.NNNNN.wav and .jams.")
command.options(parser, options.described "corpus.generate", {"clips", "seconds", "workers"}, {workers = 0})
command.offer(parser:option("--styles", "Only these: " .. table.concat(corpus.styles(), ",") .. ".")
  :argname "<a,b>":convert(command.words), corpus.styles(), true)
command.seed(parser)
local given = parser:parse()

local result = corpus.generate(given.folder, {
  clips = given.clips, seconds = given.seconds, seed = given.seed, styles = given.styles, workers = given.workers,
  progress = true,
})
print(("%s: %d clips made, %d were there"):format(given.folder, result.made, result.kept))
