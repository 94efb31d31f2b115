-- Tensors and gradients: fit a resonance to a measured curve by gradient descent.
--
--     moonlark examples/05_tensors.lua fit.png
local plot = require "moonlark.plot"
local torch = require "moonlark.torch"

local picture = arg[1] or "fit.png"
torch.manual_seed(1)

-- A resonance at 440 Hz with a bandwidth of 60 Hz, and noise over it.
local f = torch.linspace(200, 800, 200)
local function resonance(center, width)
  return 1 / (1 + ((f - center) / width) ^ 2)
end
local measured = resonance(440, 60) + torch.randn({200}) * 0.03

-- Both unknowns in hundreds of Hz, so that one step size suits them.
local unknown = torch.tensor({5.0, 1.0}, {requires_grad = true})
for step = 1, 400 do
  local loss = (resonance(unknown[0] * 100, unknown[1] * 100) - measured):square():mean()
  loss:backward()
  torch.no_grad(function() unknown:sub_(unknown:grad() * 0.5) end)
  unknown:grad():zero_()
  if step % 100 == 0 then print(("step %d: loss %.5f"):format(step, loss:item())) end
end

local center, width = unknown[0]:item() * 100, unknown[1]:item() * 100
print(("resonance at %.1f Hz, %.1f Hz wide"):format(center, width))

plot.lines({measured, resonance(center, width)}, {
  x = f, labels = {"measured", "fitted"}, xlabel = "frequency (Hz)", title = "A resonance, fitted by its gradient",
}):save(picture)
print("wrote " .. picture)
