--- lstm_autoencoder: learns, without labels, a short code from which an LSTM can reproduce the whole segment.
---
---     local net = require("models.lstm_autoencoder") {n_mels = 20, code = 32}
---     local again, code = net(x)            -- [n, n_mels, frames], [n, code]
---     net:loss(batch)                       -- for train.fit's objective
---     net:encode(x)                         -- the code alone, for PCA and clustering
---
--- One dense layer makes the code of the encoder's mean output and last state. The decoder is given the code at every
--- step and must reproduce the frames (Srivastava et al., 2015, "Unsupervised learning of video representations using
--- LSTMs").
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer = options.integer

local LstmAutoencoder = nn.Module:extend "LstmAutoencoder"

function LstmAutoencoder:init(o)
  self.shorten = nn.AvgPool1d(o.stride)
  self.encoder = nn.LSTM(o.n_mels, o.hidden, {batch_first = true})
  self.to_code = nn.Linear(2 * o.hidden, o.code)
  self.decoder = nn.LSTM(o.code, o.hidden, {batch_first = true})
  self.to_frames = nn.Linear(o.hidden, o.n_mels)
end

--- The code of each segment: [n, n_mels, frames] to [n, code].
---     local code = net:encode(batch.x)
---@param x moonlark.Tensor
---@return moonlark.Tensor
function LstmAutoencoder:encode(x)
  return self:code_of(self.shorten(x))
end

-- The mean of all outputs tells of the whole segment, the last state of where it went.
function LstmAutoencoder:code_of(short)
  local torch = require "moonlark.torch"
  local out, state = self.encoder(short:transpose(1, 2))
  return self.to_code(torch.cat({out:mean({1}), state[1]:select(0, -1)}, 1))
end

--- The frames as the decoder reproduces them, the frames themselves (averaged by `stride`), and the code.
function LstmAutoencoder:forward(x)
  local short = self.shorten(x)
  local code = self:code_of(short)
  local steps = code:unsqueeze(1):expand {-1, short:size(2), -1}
  local out = self.decoder(steps)
  return self.to_frames(out):transpose(1, 2), short, code
end

--- Mean squared error between the frames and what the decoder makes of the code.
---     train.fit(net, {train = batches, objective = function(net, batch) return net:loss(batch) end})
---@param batch table
---@return moonlark.Tensor
function LstmAutoencoder:loss(batch)
  local again, short = self(batch.x)
  return (again - short):pow(2):mean()
end

--- The mean code of each track's segments: tracks × code.
---     local z = cluster.kmeans {n_clusters = 10}:fit(net:codes(batches)).labels
---@param batches moonlark.AnyBatches
---@return moonlark.Tensor
function LstmAutoencoder:codes(batches)
  local torch, evaluate = require "moonlark.torch", require "moonlark.train.evaluate"
  local tracks = #batches:prepare().dataset.tracks
  local sums, counts = nil, torch.zeros {tracks}
  torch.no_grad(function()
    for batch in batches:epoch(1) do
      local codes = self:encode(evaluate.place(batch, self:device()).x):cpu()
      local ids = torch.tensor(batch.tracks) - 1
      sums = sums or torch.zeros {tracks, codes:size(1)}
      sums:index_add_(0, ids, codes)
      counts:index_add_(0, ids, torch.ones {codes:size(0)})
    end
  end)
  return sums / counts:clamp_min(1):unsqueeze(1)
end

return network.architecture("lstm_autoencoder", LstmAutoencoder, {
  n_mels = integer(20, {least = 1}, "rows of the input"),
  code = integer(32, {least = 1}, "length of the code"),
  hidden = integer(64, {least = 1}, "units of each LSTM"),
  stride = integer(4, {least = 1}, "frames that are averaged into one step"),
})
