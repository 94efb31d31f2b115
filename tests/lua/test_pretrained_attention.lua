-- Attention maps beside those of transformers (tests/reference/pretrained/attention.py), and their pictures.
local lib = dofile "tests/lua/lib.lua"
local attention = require "moonlark.pretrained.attention"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local reference = "tests/reference/pretrained/attention"
local vectors = torch.load(reference .. ".safetensors")

TestReference = {}

function TestReference:setUp() self.model = pretrained.open(reference) end

-- The map of one window, asked as of a song of 0.4 s.
function TestReference:map(row, given)
  local o = options.described "Pretrained:attention":read(given)
  local window = {start = 0, seconds = 0.4, input = function() return vectors.x:narrow(0, row, 1) end}
  return attention.map(self.model, {window}, 0.4, o).data
end

function TestReference:test_the_network_agrees()
  lib.close(self.model:forward(vectors.x), vectors.logits, 1e-5)
end

function TestReference:test_heads_and_their_mean()
  for layer = 0, 2 do
    local map = vectors["map" .. layer]
    for row = 0, 1 do
      lib.close(self:map(row, {layer = layer, query = "all"}), map[row]:mean {0}, 1e-5)
      lib.close(self:map(row, {layer = layer, head = 1, query = "all"}), map[row][1], 1e-5)
      lib.close(self:map(row, {layer = layer - 3}):select(0, 0), map[row]:mean {0, 1}, 1e-5)
      lib.close(self:map(row, {layer = layer, query = 0.21}):select(0, 0), map[row]:mean {0}:select(0, 10), 1e-5)
    end
  end
end

function TestReference:test_rollout_and_gradients()
  for row = 0, 1 do
    lib.close(self:map(row, {rollout = true, query = "all"}), vectors.rollout[row], 1e-5)
    lib.close(self:map(row, {class = "LABEL_1", query = "all"}), vectors.weighted[row], 1e-5)
  end
  for _, parameter in ipairs(self.model.net:parameters()) do lu.assertTrue(parameter:requires_grad()) end
end

function TestReference:test_blocks_of_queries_give_the_whole_map()
  local layer = require "moonlark.nn.self_attention"(8, 2)
  local x = torch.randn {1, 700, 8}
  local q, k = layer:projected(x)
  local whole = (q / 2):matmul(k:transpose(-2, -1)):softmax(-1)
  lib.close(layer:weights(x), whole, 1e-5)
  lib.close(layer:weights(x, nil, function(block) return block:sum({2}, true) end):sum {2}, whole:sum {2}, 1e-4)
end

local song = signal.new {data = torch.randn {40000} * 0.1, rate = 16000, kind = "waveform"}

TestSongs = {}

function TestSongs:setUp() self.model = pretrained.open(lib.tiny_whisper(lib.folder())) end

function TestSongs:test_windows_follow_each_other_in_the_songs_time()
  local map = self.model:attention(song, {layer = 0})
  lu.assertEquals(map.data:shape(), {1, 125})
  lu.assertEquals(map.rate, 50)
  lu.assertAlmostEquals(map:slice(0, 1).data:sum():item(), 1, 1e-5)
  lu.assertEquals(self.model:attention(song, {query = 2.2}).start, 2)
end

function TestSongs:test_faults()
  local model = self.model
  lib.fails("layer must be -2..1, got 2", model.attention, model, song, {layer = 2})
  lib.fails("head must be 0..1, got 7", model.attention, model, song, {head = 7})
  lib.fails("query must be a moment of the song, got 9 s", model.attention, model, song, {query = 9})
  lib.fails("jaz", model.attention, model, song, {class = "jaz"})
  lib.fails("without a class", model.attention, model, song, {class = "jazz", rollout = true})
  lib.fails("has no attention", function()
    pretrained.open(lib.weights "yamnet"):attention(song)
  end)
end

function TestSongs:test_pictures()
  local folder, mel = lib.folder(), feature.mel(song)
  for i, map in ipairs {self.model:attention(song), self.model:attention(song, {query = "all"})} do
    plot.attention(mel, map, {title = "Attention"}):save(folder .. "/" .. i .. ".png")
    lu.assertTrue(#files.read(folder .. "/" .. i .. ".png") > 10000)
  end
  lib.fails("attention must be a Signal that model:attention gives", plot.attention, mel, mel)
end

lib.run()
