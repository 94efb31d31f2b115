--- The loop that trains the networks for music: AdamW with warm-up and cosine, an average of the weights, checkpoints.
local network = require "moonlark.network"
local optim = require "moonlark.optim"
local random = require "scripts.train.music.random"

local decay = 0.99 -- of the average of the weights

-- Saves the averaged weights, with what is known of them so far.
local function save(net, ema, o, steps)
  net.card.data = {script = o.script, clips = o.clips, seed = o.seed, steps = steps, of_steps = o.steps}
  ema:swap()
  network.save(net, o.out)
  ema:swap()
end

--- Trains a new network for o.steps steps; `loss(net)` gives the loss of a random batch. What o.out holds is always an
--- averaged network that can be used. The same seed and data give the same weights.
---     loop("beat_tcn", {steps = 500, rate = 2e-3, seed = 0, out = "beats.safetensors"}, loss)
---@param architecture string
---@param o {steps: integer, rate: number, seed: integer, out: string, script: string, clips: integer}
---@param loss fun(net: moonlark.nn.Module): moonlark.Tensor
return function(architecture, o, loss)
  random.seed(o.seed)
  local net = network.find(architecture) {}
  local optimizer = optim.AdamW(net:parameters(), {lr = o.rate, weight_decay = 0.01})
  local schedule = optim.cosine {warmup = math.min(60, o.steps // 4)} :bind(optimizer, o.steps)
  local ema, mean = optim.EMA(net, {decay = decay}), nil
  net:train()
  for step = 1, o.steps do
    optimizer:zero_grad()
    local value = loss(net)
    value:backward()
    optim.clip_grad_norm(net:parameters(), 1)
    optimizer:step()
    schedule:step()
    ema:update()
    mean = mean and 0.98 * mean + 0.02 * value:item() or value:item()
    if step % 50 == 0 then print(("%5d  loss %.4f  %s"):format(step, mean, os.date "%H:%M:%S")) end
    if step % 100 == 0 or step == o.steps then save(net, ema, o, step) end
    if step % 10 == 0 then collectgarbage() end
  end
end
