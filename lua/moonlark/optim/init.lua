--- Optimisers, schedules and averages: how parameters follow their gradients, with PyTorch's names, defaults and
--- formulas.
---
--- Parameters may be in groups with options of their own: {{params = head, lr = 1e-2}, {params = body}}. Without
--- parameters (optim.AdamW {lr = 1e-3}) an optimiser is a recipe: recipe:bind(parameters) makes it.
--- To accumulate gradients over n batches, divide each loss by n and step after the n-th.
---     local opt = optim.AdamW(net:parameters(), {lr = 1e-3})
---     local schedule = optim.cosine {warmup = 100} :bind(opt, 5000)
---     for x, y in batches() do
---       opt:zero_grad()
---       loss(net(x), y):backward()
---       optim.clip_grad_norm(net:parameters(), 1)
---       opt:step()
---       schedule:step()
---     end
---@class moonlark.optim
local optim = {}

for _, part in ipairs {"sgd", "adam", "gradient", "schedule", "average"} do
  for name, make in pairs(require("moonlark.optim." .. part)) do optim[name] = make end
end

return optim
