-- moonlark corpus DIR: makes the synthetic corpus.
local command = require "moonlark.command"
local corpus = require "moonlark.corpus"

local parser = command.parser("corpus", "Makes short pieces of music in ten styles, with the truth about each (tempo, "
  .. "beats, key, chords, sections) beside it as JAMS. A run that was stopped goes on where it was.")
parser:argument("dir", "the folder to fill: DIR/STYLE/STYLE.NNNNN.wav and .jams")
parser:option("--clips", "clips of each style", 20):convert(math.tointeger)
parser:option("--seconds", "length of a clip", 12):convert(tonumber)
parser:option("--seed", "another seed, another corpus", 1):convert(math.tointeger)
parser:option("--styles", "names with commas between: " .. table.concat(corpus.styles(), ","), "all")
parser:option("--workers", "processes; 0: one for each core", 0):convert(math.tointeger)
local given = parser:parse()

local styles
if given.styles ~= "all" then
  styles = {}
  for name in given.styles:gmatch "[^,%s]+" do styles[#styles + 1] = name end
end

local bar
local result = corpus.generate(given.dir, {
  clips = given.clips, seconds = given.seconds, seed = given.seed, styles = styles, workers = given.workers,
  progress = function(done, total)
    bar = bar or command.progress(total, "clips")
    bar:update(done)
  end,
})
if bar then bar:finish() end
print(("%s: %d clips made, %d kept"):format(given.dir, result.made, result.kept))
