--- beatnet: how likely a beat or the first beat of a bar is, every 20 ms, from what was heard until then.
---
---     local net = require("models.beatnet") {}
---     net(x)                                -- [n, frames, 272], to logits [n, frames, 3]: beat, downbeat, neither
---
--- Heydari, Cwitkowitz and Duan (2021), "BeatNet: CRNN and particle filtering for online joint beat, downbeat and meter
--- tracking".
local network = require "moonlark.network"
local nn = require "moonlark.nn"

local Beatnet = nn.Module:extend "Beatnet"

local width = 150

function Beatnet:init()
  self.conv1 = nn.Conv1d(1, 2, 10)
  self.linear0 = nn.Linear(2 * 131, width)
  self.lstm = nn.LSTM(width, width, {num_layers = 2, batch_first = true})
  self.linear = nn.Linear(width, 3)
end

function Beatnet:forward(x)
  local n, frames = x:size(0), x:size(1)
  local y = self.conv1(x:reshape({n * frames, 1, x:size(2)})):relu():max_pool1d({2})
  return self.linear((self.lstm(self.linear0(y:flatten(1)):reshape({n, frames, width}))))
end

return network.architecture("beatnet", Beatnet, {})
