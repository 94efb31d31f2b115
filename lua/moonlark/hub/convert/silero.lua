--- Silero's detector of speech for 16 kHz: the weights within its ONNX file, which are those that its programs use; the
--- safetensors file beside it holds others.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local names = {
  ["model.stft.forward_basis_buffer"] = "stft_conv.weight",
  ["model.decoder.rnn.weight_ih"] = "lstm_cell.weight_ih", ["model.decoder.rnn.weight_hh"] = "lstm_cell.weight_hh",
  ["model.decoder.rnn.bias_ih"] = "lstm_cell.bias_ih", ["model.decoder.rnn.bias_hh"] = "lstm_cell.bias_hh",
  ["model.decoder.decoder.2.weight"] = "final_conv.weight", ["model.decoder.decoder.2.bias"] = "final_conv.bias",
}
for i = 0, 3 do
  for _, kind in ipairs {"weight", "bias"} do
    names[("model.encoder.%d.reparam_conv.%s"):format(i, kind)] = ("conv%d.%s"):format(i + 1, kind)
  end
end

--- Makes silero_vad_16k.safetensors.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
return function(from, to)
  local found, state = torch.load(files.join(from, "silero_vad_16k_op15.onnx")), {}
  for theirs, ours in pairs(names) do
    state[ours] = found[theirs] or show.fail("Silero's file has no tensor '%s'", theirs)
  end
  torch.save(files.join(to, "silero_vad_16k.safetensors"), state)
end
