--- silero: how likely speech is, every 32 ms: a short-time spectrum, four convolutions, a memory.
---
---     local net = require("models.silero") {}
---     net(x)                                -- [n, chunks, 576] samples, 64 of them old, to logits [n, chunks, 1]
---
--- Silero Team (2024), Silero VAD, version 5, 16 kHz.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local Silero = nn.Module:extend "Silero"

local bins, width = 129, 128
local layers = {{bins, 128, 1}, {128, 64, 2}, {64, 64, 2}, {64, width, 1}} -- inputs, outputs, stride

function Silero:init(o)
  self.stft_conv = nn.Conv1d(1, 2 * bins, 256, {stride = 128, bias = false})
  for i, it in ipairs(layers) do
    self["conv" .. i] = nn.Conv1d(it[1], it[2], 3, {stride = it[3], padding = 1})
  end
  self.lstm = nn.LSTM(width, width, {batch_first = true})
  self.final_conv = nn.Conv1d(width, o.classes, 1)
end

function Silero:forward(x)
  local n, chunks = x:size(0), x:size(1)
  local mirrored = x:narrow(2, x:size(2) - 65, 64):flip({2}) -- by hand: libtorch 1.13 does it not in 16 bits
  local spectrum = self.stft_conv(torch.cat({x, mirrored}, 2):reshape({n * chunks, 1, -1}))
  local real, imaginary = spectrum:narrow(1, 0, bins), spectrum:narrow(1, bins, bins)
  local y = (real:square() + imaginary:square()):sqrt()
  for i = 1, #layers do y = self["conv" .. i](y):relu() end
  y = self.lstm(y:reshape({n, chunks, width}))
  return self.final_conv(y:relu():transpose(1, 2)):transpose(1, 2)
end

return network.architecture("silero", Silero, {classes = options.integer(1, {least = 1}, "speech")})
