--- YAMNet: 521 kinds of sound of AudioSet, music and instruments among them.
local csv = require "moonlark.base.csv"
local family = require "moonlark.pretrained.family"
local spectrum = require "moonlark.pretrained.spectrum"

-- The names in yamnet_class_map.csv: index,mid,display_name.
local function labels(found)
  local path = found:beside "yamnet_class_map.csv"
  if not path then return nil end
  local names = {}
  for i, row in ipairs(csv.read(path)) do names[i] = row.display_name end
  return names
end

return family.define {
  name = "yamnet",
  about = "521 kinds of sound; 1024 numbers a window of 0.96 s",
  source = "Plakal and Ellis (2020), YAMNet; MobileNet: Howard et al. (2017)",
  task = "tags",
  architecture = "yamnet",
  recognise = function(found)
    local last = found:shape "fc.weight"
    if not (last and found:shape "layer27.weight" and found:shape "mel") then return nil end
    return {classes = last[1]}
  end,
  labels = labels,
  front = function()
    return {
      rate = 16000, window = 15600 / 16000, hop = 7680 / 16000, fixed = true,
      -- 96 frames of the magnitude's mel bands, log(x + 0.001)
      compute = function(waves, net)
        local magnitude = spectrum.magnitude(waves, net.window, 160, 512)
        return (magnitude:matmul(net.mel:transpose(0, 1)) + net.log_offset):log()
      end,
    }
  end,
}
