--- Fits how much each cue says about where bars begin, on music whose bars are known: lua/moonlark/music/rhythm/bar_weights.lua.
---
---     moonlark scripts/train/rendered/make.lua data/fit --pop909 POP909 --last 800 --clips 150 --seed 3
---     moonlark scripts/train/rendered/bars.lua data/fit          two minutes
---
--- Logistic regression of the cues at the true beats. The network of beats must not have learnt from these clips: it would
--- be too sure of them.
local annotation = require "moonlark.annotation"
local bars = require "moonlark.music.rhythm.bars"
local classify = require "moonlark.classify"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local heard = require "moonlark.music.hearing.heard"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/rendered/bars.lua", "Fits how much each cue says about where bars begin.")
parser:argument("data", "A folder of NAME.wav with NAME.jams beside, none of which the network of beats learnt from.")
parser:option("--out", "The file to write."):argname "<file>":default "lua/moonlark/music/rhythm/bar_weights.lua"
local args = parser:parse()

local songs = {}
for _, path in ipairs(files.tree(args.data, {".wav"})) do
  local beats = annotation.load((path:gsub("%.wav$", ".jams")), {kind = "beats"})
  songs[#songs + 1] = {h = heard.of(path), beats = beats}
end

-- The weights of the cues and the bias, as lines of Lua.
local function fit(network)
  local rows, labels = {}, {}
  for _, song in ipairs(songs) do
    rows[#rows + 1] = bars.cues(song.h, song.beats.times, network):t()
    for _, position in ipairs(song.beats.positions) do labels[#labels + 1] = position == 1 and 1 or 0 end
  end
  local x = torch.cat(rows, 0)
  local model = classify.logistic {C = 0.05}
  model:fit(x, torch.tensor(labels, {dtype = "int64"}))
  local list, each = model.weights:reshape({-1}):totable(), x:size(1) // 3
  local lines = {("    bias = %.6f,"):format(model.intercepts:reshape({-1})[0]:item()), "    weights = {"}
  for i = 1, #list, each do
    local words = {}
    for k = i, i + each - 1 do words[#words + 1] = ("%.6f"):format(list[k]) end
    lines[#lines + 1] = "      " .. table.concat(words, ", ") .. ","
  end
  lines[#lines + 1] = "    },"
  print(("%d beats of %s, %d weights"):format(#labels, args.data, #list))
  return table.concat(lines, "\n")
end

files.write(args.out, ([[
--- Weights of the cues of music.bars, fitted by scripts/train/rendered/bars.lua: data, not code to be edited.
return {
  alone = {
%s
  },
  network = {
%s
  },
}
]]):format(fit(false), fit(true)))
