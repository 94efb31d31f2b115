--- Fits how much each cue says about where bars begin, on music whose bars are known: lua/moonlark/music/bar_weights.lua.
---
---     moonlark scripts/train/rendered/bars.lua data/train [--test data/test]          a minute for 500 clips
---
--- Logistic regression of the cues at the true beats.
local annotation = require "moonlark.annotation"
local bars = require "moonlark.music.bars"
local classify = require "moonlark.classify"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local heard = require "moonlark.music.heard"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/rendered/bars.lua", "Fits how much each cue says about where bars begin.")
parser:argument("data", "A folder of NAME.wav with NAME.jams beside.")
parser:option("--test", "Another one, to say how good it is."):argname "<folder>"
parser:option("--out", "The file to write."):argname "<file>":default "lua/moonlark/music/bar_weights.lua"
local args = parser:parse()

-- Cues of all beats as rows, and whether each begins a bar.
local function read(folder)
  local rows, labels, songs = {}, {}, {}
  for _, path in ipairs(files.tree(folder, {".wav"})) do
    local beats = annotation.load((path:gsub("%.wav$", ".jams")), {kind = "beats"})
    local h = heard.of(path)
    rows[#rows + 1] = bars.cues(h, beats.times):t()
    for i, position in ipairs(beats.positions) do labels[#labels + 1] = position == 1 and 1 or 0 end
    songs[#songs + 1] = {h = h, beats = beats}
  end
  return torch.cat(rows, 0), torch.tensor(labels, {dtype = "int64"}), songs
end

local x, y = read(args.data)
local model = classify.logistic {C = 0.05}
model:fit(x, y)
local coefficients, bias = model.weights, model.intercepts
local list = coefficients:reshape({-1}):totable()
local lines = {"--- Weights of the cues of music.bars, fitted by scripts/train/rendered/bars.lua: data, not code to be edited.",
  "return {", ("  bias = %.6f,"):format(bias:reshape({-1})[0]:item()), "  weights = {"}
for i = 1, #list, 9 do
  local words = {}
  for k = i, math.min(i + 8, #list) do words[#words + 1] = ("%.6f"):format(list[k]) end
  lines[#lines + 1] = "    " .. table.concat(words, ", ") .. ","
end
lines[#lines + 1] = "  },\n}\n"
files.write(args.out, table.concat(lines, "\n"))
print(("%d beats of %s, %d weights"):format(y:size(0), args.data, #list))
