--- Schedules: how the learning rate goes while training, by PyTorch's formulas.
---
--- A schedule is a recipe first (train.fit binds it); `recipe:bind(optimizer, total)` begins it from the rates that
--- the optimiser's groups have then. Its `unit`, "batch" or "epoch", says after which of them `step` is due, and
--- in what `total` and the options in units are counted. Every schedule takes `warmup = n`: for n units the rate rises
--- linearly, from 1/(n + 1) of where the schedule begins, which then runs for the total - n units that are left. A
--- warmup below 1 is a share of the total.
---     local schedule = optim.cosine {warmup = 100} :bind(opt, epochs * batches)
---     for x, y in batches() do
---       loss(net(x), y):backward()
---       opt:step()
---       schedule:step()
---     end
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

---@class moonlark.optim
local schedule = {}

--- The rates of an optimiser's groups, unit after unit: step() after each batch or epoch, as `unit` says.
---@class moonlark.Schedule
---@field unit string  "batch" or "epoch": when step is due
---@field count integer  units done
---@field name string  "cosine" …
---@field options table  all of them
---@field package kind table
---@field package optimizer moonlark.Optimizer
---@field package total integer?
---@field package bases number[]
---@field package best number?
---@field package bad integer?
---@field package resting integer?
---@field package cycles boolean
local Schedule = {__name = "moonlark.Schedule"}
Schedule.__index = Schedule

--- A schedule that waits for its optimiser: what optim.cosine {} gives.
---@class moonlark.ScheduleRecipe
---@field name string  "cosine" …
---@field given table  the options, as they were given
---@field unit string  "batch" or "epoch"
---@field package kind table
---@field package options table
local Recipe = {__name = "moonlark.ScheduleRecipe"}
Recipe.__index = Recipe

local boolean, choice, integer, number = options.boolean, options.choice, options.integer, options.number
local none, required = options.none, options.required

-- What is one for all groups, or a list with one for each.
local function of_group(value, i) return type(value) == "table" and value[i] or value end

-- Whether the metric is better than the best so far.
local function is_better(o, best, metric)
  local sign = o.mode == "min" and -1 or 1
  local bar = o.threshold_mode == "rel" and best * (1 + sign * o.threshold) or best + sign * o.threshold
  if o.mode == "min" then return metric < bar end
  return metric > bar
end

-- Lowers the bases when the metric has been no better for too long.
local function follow(self, metric)
  local o = self.options
  if torch.is_tensor(metric) then metric = metric:item() end
  if type(metric) ~= "number" then
    show.fail("optim.plateau: step(metric) needs a number, got %s", type(metric))
  end
  local better = not self.best or is_better(o, self.best, metric)
  if better and metric == metric then self.best, self.bad = metric, 0 else self.bad = self.bad + 1 end
  if self.resting > 0 then self.resting, self.bad = self.resting - 1, 0 end
  if self.bad <= o.patience then return end
  self.resting, self.bad = o.cooldown, 0
  for i, base in ipairs(self.bases) do
    local lower = math.max(base * o.factor, of_group(o.min_lr, i) or 0)
    if base - lower > o.eps then self.bases[i] = lower end
  end
end

-- Gives the optimiser's groups the rates, and momenta, of now.
local function apply(self)
  local kind, o, warmup = self.kind, self.options, self.options.warmup
  local t, total = math.max(self.count - warmup, 0), self.total and self.total - warmup
  local warm = self.count < warmup and (self.count + 1) / (warmup + 1) or 1
  for i, group in ipairs(self.optimizer.groups) do
    group.lr = warm * kind.rate(o, t, self.bases[i], total, i)
    if self.cycles then
      local momentum = kind.momentum(o, t, total)
      if group.betas then group.betas = {momentum, group.betas[2]} else group.momentum = momentum end
    end
  end
end

--- Goes on by a batch or an epoch: the optimiser's groups get their next rates. Errors: plateau without a metric.
---     schedule:step()
---@param metric number?  plateau: the value to watch, a validation loss for instance; ignored while warming up
function Schedule:step(metric)
  self.count = self.count + 1
  if self.name == "plateau" and self.count > self.options.warmup then follow(self, metric) end
  apply(self)
end

--- Where the schedule is: a flat table of numbers and strings, for JSON.
---     local state = schedule:state()
---@return table<string, number|string>
function Schedule:state()
  local state = {name = self.name, count = self.count, best = self.best, bad = self.bad, resting = self.resting}
  for i, base in ipairs(self.bases) do state["base" .. i] = base end
  return state
end

--- Goes on where a schedule was, and gives the optimiser's groups the rates of then. Errors: a state of another kind or
--- number of groups.
---     schedule:load_state(state)
---@param state table<string, number|string>  of state()
---@return moonlark.Schedule self
function Schedule:load_state(state)
  if type(state) ~= "table" or state.name ~= self.name then
    local name = type(state) == "table" and state.name or type(state)
    show.fail("optim.%s: the state is of %s", self.name, tostring(name))
  end
  local bases = {}
  for i in ipairs(self.bases) do
    bases[i] = state["base" .. i]
    if type(bases[i]) ~= "number" then show.fail("optim.%s: the state has no base%d", self.name, i) end
  end
  if state["base" .. #bases + 1] or not math.tointeger(state.count) then
    show.fail("optim.%s: the state is not of %d groups", self.name, #bases)
  end
  self.bases, self.count = bases, math.tointeger(state.count)
  self.best, self.bad, self.resting = state.best, state.bad, state.resting
  apply(self)
  return self
end

--- "cosine  batch 3 of 100  lr 0.001".
function Schedule:__tostring()
  local rates_now = {}
  for i, group in ipairs(self.optimizer.groups) do rates_now[i] = ("%g"):format(group.lr) end
  return ("%s  %s %d%s  lr %s"):format(self.name, self.unit, self.count, self.total and " of " .. self.total or "",
    table.concat(rates_now, ", "))
end

-- Whether the cycle moves the momentum too: as told, or where the optimiser has one.
local function cycles(self)
  local wanted, o = self.options.cycle_momentum, self.optimizer.groups[1]
  if self.name ~= "one_cycle" or wanted == false then return false end
  if wanted and not o.betas and not o.momentum then
    show.fail("optim.one_cycle: cycle_momentum = true, but optim.%s has no momentum", self.optimizer.name)
  end
  return wanted or o.betas ~= nil or o.momentum ~= nil and o.momentum > 0
end

local total_units = integer(required, {least = 1})

--- Begins the schedule for an optimiser, whose groups' rates become the base rates. Errors: a warmup that is not below
--- the total; a list of rates that is not as long as the groups.
---     local schedule = optim.cosine():bind(opt, epochs * batches)
---@param optimizer moonlark.Optimizer
---@param total integer?  how many units training will take; cosine and one_cycle need it
---@return moonlark.Schedule
function Recipe:bind(optimizer, total)
  local owner, o = "optim." .. self.name, self.options
  if type(optimizer) ~= "table" or type(optimizer.groups) ~= "table" then
    show.fail("%s: bind(optimizer, total) needs an optimiser, got %s", owner, type(optimizer))
  end
  if self.kind.bounded or total ~= nil then
    total = total_units:check(owner, "total (bind's second argument)", total)
    if math.type(o.warmup) ~= "integer" then o = options.join(o, {warmup = math.floor(o.warmup * total)}) end
    if self.kind.bounded and o.warmup >= total then
      show.fail("%s: warmup must be below the total of %d, got %d", owner, total, o.warmup)
    end
  end
  local bound = setmetatable({name = self.name, kind = self.kind, options = o, unit = self.unit, optimizer = optimizer,
    total = total, count = 0, bases = {}}, Schedule)
  for _, name in ipairs {"max_lr", "min_lr"} do
    if type(o[name]) == "table" and #o[name] ~= #optimizer.groups then
      show.fail("%s: %s has %d rates for %d groups", owner, name, #o[name], #optimizer.groups)
    end
  end
  for i, group in ipairs(optimizer.groups) do bound.bases[i] = group.lr end
  if self.name == "plateau" then bound.bad, bound.resting = 0, 0 end
  bound.cycles = cycles(bound)
  apply(bound)
  return bound
end

-- The constructor of recipes. `kind`: unit, fields of its options, and rate(o, t, base, total, i), the rate of group i,
-- whose rate was `base`, after t of total units. `bounded` kinds need the total.
local function constructor(name, kind)
  local share = number(nil, {above = 0, below = 1})
  local description = options.describe("optim." .. name, kind.fields, {
    warmup = options.either(0, {integer(nil, {least = 0}), share}, "units in which the rate rises first, or a share"),
    unit = choice({"batch", "epoch"}, kind.unit, "after which of them step is due"),
  })
  return function(given)
    local o = description:read(given)
    return setmetatable({name = name, kind = kind, given = given or {}, options = o, unit = o.unit}, Recipe)
  end
end

-- A rate for all groups, or a list with one for each.
local function rates(default, usual, help)
  local rate = number(nil, {least = 0})
  return options.either(default, {rate, options.list(rate)}, help, {usual = usual})
end

--- The rate falls by a factor every step_size units: base gamma^floor(t / step_size). PyTorch: StepLR.
---     local recipe = optim.step {step_size = 30, gamma = 0.5}
---@param given moonlark.optim.step.Options
---@return moonlark.ScheduleRecipe
schedule.step = constructor("step", {
  unit = "epoch",
  fields = {
    step_size = integer(required, {least = 1}, "units between two falls"),
    gamma = number(0.1, {above = 0}, "what the rate is multiplied by"),
  },
  rate = function(o, t, base) return base * o.gamma ^ (t // o.step_size) end,
})

--- The rate falls from its base to min_lr along half a cosine over the whole training, and stays there
--- (Loshchilov and Hutter, 2017, without restarts). PyTorch: CosineAnnealingLR.
---     local recipe = optim.cosine {warmup = 0.1}
---@param given moonlark.optim.cosine.Options?
---@return moonlark.ScheduleRecipe
schedule.cosine = constructor("cosine", {
  unit = "batch", bounded = true,
  fields = {min_lr = rates(none, "0", "where the rate ends, or one for each group")},
  rate = function(o, t, base, total, i)
    local low = of_group(o.min_lr, i) or 0
    return low + (base - low) * (1 + math.cos(math.pi * math.min(t / total, 1))) / 2
  end,
})

--- The rate rises linearly from start_factor of its base to the base, in `steps` units, and stays there. PyTorch:
--- LinearLR with total_iters = steps.
---     local recipe = optim.warmup {steps = 500}
---@param given moonlark.optim.warmup.Options
---@return moonlark.ScheduleRecipe
schedule.warmup = constructor("warmup", {
  unit = "batch",
  fields = {
    steps = integer(required, {least = 1}, "units that the rise takes"),
    start_factor = number(none, {least = 0, most = 1, usual = "1 / (steps + 1)"}, "share of the rate at the beginning"),
  },
  rate = function(o, t, base)
    local first = o.start_factor or 1 / (o.steps + 1)
    return base * (first + (1 - first) * math.min(t / o.steps, 1))
  end,
})

local anneal = {
  cos = function(from, to, part) return to + (from - to) * (1 + math.cos(math.pi * part)) / 2 end,
  linear = function(from, to, part) return from + (to - from) * part end,
}

-- Where a cycle is after t units: values[k] to values[k + 1] within its k-th phase.
local function cycle(o, t, total, values)
  local ends = o.three_phase and {o.pct_start * total - 1, 2 * o.pct_start * total - 2, total - 1} or
    {o.pct_start * total - 1, total - 1}
  local from = 0
  t = math.min(t, total - 1)
  for phase, to in ipairs(ends) do
    if to > from and t <= to then
      return anneal[o.anneal_strategy](values[phase], values[phase + 1], (t - from) / (to - from))
    end
    from = math.max(from, to)
  end
  return values[#ends + 1]
end

--- The rate rises from max_lr / div_factor to max_lr and falls to max_lr / div_factor / final_div_factor (Smith and
--- Topin, 2019); the momentum (of Adam: the first beta) does the reverse. PyTorch: OneCycleLR.
---     local recipe = optim.one_cycle {max_lr = 0.01}
---@param given moonlark.optim.one_cycle.Options
---@return moonlark.ScheduleRecipe
schedule.one_cycle = constructor("one_cycle", {
  unit = "batch", bounded = true,
  fields = {
    max_lr = rates(required, nil, "the highest rate, or one for each group"),
    pct_start = number(0.3, {least = 0, most = 1}, "share of the training in which the rate rises"),
    div_factor = number(25, {above = 0}, "the first rate is max_lr over this"),
    final_div_factor = number(1e4, {above = 0}, "the last rate is the first one over this"),
    three_phase = boolean(false, "falls as long as it rises, to where it began, and then to the end"),
    anneal_strategy = choice({"cos", "linear"}, "cos", "how the rate goes between two values"),
    cycle_momentum = boolean(none, "moves the momentum, or the first beta, against the rate",
      {usual = "where there are betas or a momentum above 0"}),
    base_momentum = number(0.85, {least = 0, most = 1}, "the lowest momentum"),
    max_momentum = number(0.95, {least = 0, most = 1}, "the highest momentum"),
  },
  rate = function(o, t, _, total, i)
    local top = of_group(o.max_lr, i)
    local first = top / o.div_factor
    local last = first / o.final_div_factor
    return cycle(o, t, total, o.three_phase and {first, top, first, last} or {first, top, last})
  end,
  momentum = function(o, t, total)
    local low, high = o.base_momentum, o.max_momentum
    return cycle(o, t, total, {high, low, high, high})
  end,
})

--- The rate falls by `factor` when the metric given to step has been no better for more than `patience` epochs.
--- PyTorch: ReduceLROnPlateau.
---
--- Better than the best is: below best (1 - threshold) for mode "min", above best (1 + threshold) for "max"; with
--- threshold_mode = "abs", by the threshold itself. After a fall the next `cooldown` epochs count as good. The rate
--- never falls below min_lr, nor by less than eps. NaN is never better.
---     local recipe = optim.plateau {factor = 0.5, patience = 5}
---@param given moonlark.optim.plateau.Options?
---@return moonlark.ScheduleRecipe
schedule.plateau = constructor("plateau", {
  unit = "epoch",
  fields = {
    mode = choice({"min", "max"}, "min", "whether a lower or a higher metric is better"),
    factor = number(0.1, {least = 0, most = 1}, "what the rate is multiplied by"),
    patience = integer(10, {least = 0}, "units without a better metric that are let pass"),
    threshold = number(1e-4, {least = 0, infinite = true}, "how much better counts as better"),
    threshold_mode = choice({"rel", "abs"}, "rel", "whether threshold is a share of the best or a difference"),
    cooldown = integer(0, {least = 0}, "units after a fall that count as good"),
    min_lr = rates(none, "0", "the lowest rate, or one for each group"),
    eps = number(1e-8, {least = 0, infinite = true}, "the smallest fall"),
  },
  rate = function(_, _, base) return base end, -- bases sink as the metric says
})

return schedule
