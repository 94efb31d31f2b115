--- speaker_encoder: who speaks: 256 numbers of 1.6 s that are alike for the same voice.
---
---     local net = require("models.speaker_encoder") {}
---     net(x)                                -- [n, 160, 40], mel, to [n, 256] of length 1
---
--- Wan, Wang, Papir and Moreno (2018), "Generalized end-to-end loss for speaker verification"; names of Resemblyzer.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local SpeakerEncoder = nn.Module:extend "SpeakerEncoder"

function SpeakerEncoder:init(o)
  self.lstm = nn.LSTM(o.n_mels, o.width, {num_layers = o.layers, batch_first = true})
  self.linear = nn.Linear(o.width, o.width)
end

--- The numbers that describe a voice: [n, frames, n_mels] to [n, width].
function SpeakerEncoder:embedding(x)
  local y = self.linear((self.lstm(x)):select(1, -1)):relu()
  return y / y:square():sum({1}, true):sqrt():clamp_min(1e-12)
end

SpeakerEncoder.forward = SpeakerEncoder.embedding

local integer = options.integer

return network.architecture("speaker_encoder", SpeakerEncoder, {
  n_mels = integer(40, {least = 1}, "numbers of a frame"),
  width = integer(256, {least = 1}, "numbers that describe a voice"),
  layers = integer(3, {least = 1, most = 20}, "of the LSTM"),
})
