--- EMA: an exponential moving average of a network's weights, which is often better than the last weights.
---     local ema = optim.EMA(net, {decay = 0.999})
---     for x, y in batches() do
---       loss(net(x), y):backward()
---       opt:step()
---       ema:update()
---     end
---     ema:swap()          -- the network now has the averaged weights
---     evaluate(net)
---     ema:swap()          -- and goes on training with its own
local nn_module = require "moonlark.nn.module"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

--- An average of a network's weights: update() after each step of the optimiser, swap() around each evaluation.
---@class moonlark.EMA
---@field net moonlark.nn.Module  the average as a network of its own, while not swapped
---@field updates integer  how often the average was updated
---@field swapped boolean  true while the trained network holds the average
---@field package trained moonlark.nn.Module
---@field package decay number
---@field package warmup boolean
local EMA = {__name = "moonlark.EMA"}
EMA.__index = EMA

-- parameter(average, weight) for each parameter, buffer(average, value) for each buffer.
local function each_pair(self, parameter, buffer)
  torch.no_grad(function()
    local weights, values = self.trained:parameters(), self.trained:buffers()
    for i, average in ipairs(self.net:parameters()) do parameter(average, weights[i]) end
    for i, average in ipairs(self.net:buffers()) do buffer(average, values[i]) end
  end)
end

--- Takes the network's weights into the average: average = decay average + (1 - decay) weights; the first update
--- copies them. Buffers, such as the statistics of batch norm, are averages already and are copied. Errors: while
--- swapped.
---     ema:update()
function EMA:update()
  if self.swapped then show.fail "ema:update(): the network holds the average; call ema:swap() first" end
  local decay = self.decay
  if self.warmup then decay = math.min(decay, (1 + self.updates) / (10 + self.updates)) end
  local share = self.updates == 0 and 1 or 1 - decay
  each_pair(self, function(average, weight) average:lerp_(weight, share) end, torch.copy_)
  self.updates = self.updates + 1
end

--- Exchanges the network's weights and buffers with the average's, in place; call it again to have them back.
---     ema:swap()
function EMA:swap()
  local function exchange(a, b)
    local kept = a:clone()
    a:copy_(b)
    b:copy_(kept)
  end
  each_pair(self, exchange, exchange)
  self.swapped = not self.swapped
end

--- The average, swapped or not, in the form of an optimiser's state: the network's names, and "updates".
---     local state = ema:state_dict()
---@return {tensors: table<string, moonlark.Tensor>, numbers: table<string, number>}
function EMA:state_dict()
  local holder = self.swapped and self.trained or self.net
  return {tensors = holder:state_dict(), numbers = {updates = self.updates}}
end

--- Goes on where another average of the same network was; the tensors are copied. Errors: names or shapes that do not
--- fit, all of them in one.
---     ema:load_state_dict(state)
---@param state {tensors: table<string, moonlark.Tensor>, numbers: table<string, number>}
---@return moonlark.EMA self
function EMA:load_state_dict(state)
  local updates = state.numbers and math.tointeger(state.numbers.updates)
  if not updates then show.fail "ema:load_state_dict: the state has no number 'updates'" end
  if self.swapped then self:swap() end
  self.net:load_state_dict(state.tensors)
  self.updates = updates
  return self
end

--- "EMA  decay 0.999  12 updates".
function EMA:__tostring()
  return ("EMA  decay %g  %d updates%s"):format(self.decay, self.updates, self.swapped and ", swapped" or "")
end

---@class moonlark.optim
local average = {}
local parameters = options.describe("optim.EMA", {
  decay = options.number(0.999, {least = 0, most = 1}, "about the last 1 / (1 - decay) steps count"),
  warmup = options.boolean(false, "true begins with a small decay: min(decay, (1 + n) / (10 + n)) after n updates"),
})

--- An exponential moving average of a network's weights (Polyak and Juditsky, 1992): call `ema:update()` after each
--- `opt:step()`. PyTorch: AveragedModel with get_ema_multi_avg_fn(decay).
---     local ema = optim.EMA(net, {decay = 0.999})
---@param net moonlark.nn.Module  on its device already
---@param given moonlark.optim.EMA.Options?
---@return moonlark.EMA
function average.EMA(net, given)
  if not nn_module.is_module(net) then show.fail("optim.EMA: net must be a module, got %s", options.got(net)) end
  local o = parameters:read(given)
  local own = net:clone()
  for _, parameter in ipairs(own:parameters()) do parameter:requires_grad_(false) end
  return setmetatable({trained = net, net = own, decay = o.decay, warmup = o.warmup, updates = 0, swapped = false}, EMA)
end

return average
