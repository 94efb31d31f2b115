--- Embedding: the numbers with which a network describes the windows of a song, pooled over its time, or kept.
local core = require "moonlark_core"
local torch = require "moonlark.torch"

local embedding = {}

---@class moonlark.pretrained.Embedding: moonlark.pretrained.Listener
local Pooled, Kept = {}, {}
Pooled.__index, Kept.__index = Pooled, Kept

--- What a network makes of a batch: [n, width] of each window, or [n, time, width].
---@param model moonlark.Pretrained
---@param x moonlark.Tensor
---@param layer integer?  of a transformer: 0 is what its first layer is given, -1 what the last gives; nil: the
--- customary embedding
---@return moonlark.Tensor
function embedding.of(model, x, layer)
  local net = model.net
  if layer == nil and net.embedding then return net:embedding(x):float():cpu() end
  if not net.hidden then
    model:fail(layer and "this %s has no layers to choose from" or "this %s gives no embedding", model.family.name)
  end
  local states = net:hidden(x)
  local count, index = #states, layer or -1
  if index < 0 then index = count + index end
  if index < 0 or index >= count then model:fail("layer must be %d..%d, got %d", -count, count - 1, layer) end
  return states[index + 1]:float():cpu()
end

-- The rows of a window [time, width] that describe sound, not the silence that fills it up.
local function sounding(rows, sound)
  return rows:narrow(0, 0, math.max(1, math.ceil(rows:size(0) * sound - 1e-6)))
end

-- Calls f with the rows of each window [time, width].
local function each(made, sounds, f)
  for i, sound in ipairs(sounds) do
    local rows = made:select(0, i - 1)
    f(i, made:dim() == 3 and sounding(rows, sound) or rows:unsqueeze(0))
  end
end

--- A listener that pools: gives [statistics, width]. Statistics are those of recipes (mean, std, median, p90 …).
---@param names string[]
---@return moonlark.pretrained.Embedding
function embedding.pooled(names) return setmetatable({names = names}, Pooled) end

function Pooled:add(made, _, sounds)
  self.pooling = self.pooling or core.pooling.new(self.names, made:size(-1))
  each(made, sounds, function(_, rows) core.pooling.add(self.pooling, rows:t():contiguous()) end)
end

function Pooled:finish() return core.pooling.finish(self.pooling) end

--- A listener that keeps all: gives {data, rate, start} with data [width, times]. Windows that overlap each give the
--- times up to the next window.
---@param seconds number  of a window
---@param hop number  from window to window
---@return moonlark.pretrained.Embedding
function embedding.kept(seconds, hop) return setmetatable({seconds = seconds, hop = hop, parts = {}}, Kept) end

function Kept:add(made, starts, sounds)
  self.per_window = math.max(self.per_window or 1, made:dim() == 3 and made:size(1) or 1)
  each(made, sounds, function(i, rows) table.insert(self.parts, {start = starts[i], rows = rows}) end)
end

function Kept:finish()
  table.sort(self.parts, function(a, b) return a.start < b.start end)
  local over_time = self.per_window > 1
  local most, list = math.floor(self.per_window * self.hop / self.seconds + 0.5), {}
  for i, part in ipairs(self.parts) do
    local cut = over_time and i < #self.parts and part.rows:size(0) > most
    list[i] = cut and part.rows:narrow(0, 0, most) or part.rows
  end
  return {data = torch.cat(list):t():contiguous(), start = self.parts[1].start,
    rate = over_time and self.per_window / self.seconds or 1 / self.hop}
end

return embedding
