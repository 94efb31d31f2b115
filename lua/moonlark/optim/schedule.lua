--- Schedules: how the learning rate goes while training, by PyTorch's formulas.
---
---     local schedule = optim.cosine {warmup = 100} :bind(opt, epochs * batches)
---     for … do
---       …
---       opt:step()
---       schedule:step()
---     end
---
--- A schedule is a recipe first (train.fit binds it); `recipe:bind(optimizer, total)` begins it from the rates that
--- the optimiser's groups have then. Its `unit`, "batch" or "epoch", says after which of them `step` is due, and
--- what `total` and the options in steps count. Every schedule takes `warmup = n`: for n units the rate rises
--- linearly, from 1/(n + 1) of where the schedule begins, which then runs for the total - n units that are left. A
--- warmup below 1 is a share of the total.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local schedule = {}

--- The rates of an optimiser's groups, unit after unit: step() after each batch or epoch, as `unit` says.
---@class moonlark.Schedule
---@field unit string  "batch" or "epoch": when step is due
---@field count integer  units done
local Schedule = {__name = "moonlark.Schedule"}
Schedule.__index = Schedule

--- A schedule that waits for its optimiser: what optim.cosine {} gives.
---@class moonlark.ScheduleRecipe
---@field name string  "cosine" …
---@field given table  the options, as they were given
---@field unit string  "batch" or "epoch"
local Recipe = {__name = "moonlark.ScheduleRecipe"}
Recipe.__index = Recipe

-- checks --------------------------------------------------------------------------

local function fail(owner, name, allowed, value)
  show.fail("%s: %s must be %s, got %s", owner, name, allowed, tostring(value))
end

local function number(low, high)
  return function(owner, name, value)
    if type(value) == "number" and value >= low and value <= high then return end
    fail(owner, name, high == math.huge and ("%g or more"):format(low) or ("%g..%g"):format(low, high), value)
  end
end

local function whole(low)
  return function(owner, name, value)
    if type(value) == "number" and math.tointeger(value) and value >= low then return end
    fail(owner, name, ("a whole number, %d or more"):format(low), value)
  end
end

local function above_zero(owner, name, value)
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then fail(owner, name, "above 0", value) end
end

local function one_of(...)
  local words = {...}
  return function(owner, name, value)
    for _, word in ipairs(words) do if value == word then return end end
    fail(owner, name, '"' .. table.concat(words, '" or "') .. '"', value)
  end
end

-- A rate for all groups, or a list with one for each.
local function rates(owner, name, value)
  for _, rate in ipairs(type(value) == "table" and value or {value}) do
    if type(rate) ~= "number" or not (rate >= 0 and rate < math.huge) then
      fail(owner, name, "a finite number, 0 or more, or a list of them", rate)
    end
  end
end

local function of_group(value, i)
  return type(value) == "table" and value[i] or value
end

-- the curves ----------------------------------------------------------------------

-- Each kind: unit, defaults and checks of its options, and rate(o, t, base, total, i): the rate of group i, whose
-- rate was `base`, after t of total units. `bounded` kinds need the total.
local kinds = {}

kinds.step = {
  unit = "epoch", defaults = {step_size = options.required, gamma = 0.1},
  checks = {step_size = whole(1), gamma = above_zero},
  rate = function(o, t, base) return base * o.gamma ^ (t // o.step_size) end,
}

kinds.cosine = {
  unit = "batch", bounded = true, defaults = {min_lr = options.none}, checks = {min_lr = rates},
  rate = function(o, t, base, total, i)
    local low = of_group(o.min_lr, i) or 0
    return low + (base - low) * (1 + math.cos(math.pi * math.min(t / total, 1))) / 2
  end,
}

kinds.warmup = {
  unit = "batch", defaults = {steps = options.required, start_factor = options.none},
  checks = {steps = whole(1), start_factor = number(0, 1)},
  rate = function(o, t, base)
    local first = o.start_factor or 1 / (o.steps + 1)
    return base * (first + (1 - first) * math.min(t / o.steps, 1))
  end,
}

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

kinds.one_cycle = {
  unit = "batch", bounded = true,
  defaults = {
    max_lr = options.required, pct_start = 0.3, div_factor = 25, final_div_factor = 1e4, three_phase = false,
    anneal_strategy = "cos", cycle_momentum = options.none, base_momentum = 0.85, max_momentum = 0.95,
  },
  checks = {
    max_lr = rates, pct_start = number(0, 1), div_factor = above_zero, final_div_factor = above_zero,
    anneal_strategy = one_of("cos", "linear"), base_momentum = number(0, 1), max_momentum = number(0, 1),
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
}

kinds.plateau = {
  unit = "epoch", defaults = {
    mode = "min", factor = 0.1, patience = 10, threshold = 1e-4, threshold_mode = "rel", cooldown = 0,
    min_lr = options.none, eps = 1e-8,
  },
  checks = {
    mode = one_of("min", "max"), threshold_mode = one_of("rel", "abs"), factor = number(0, 1), patience = whole(0),
    threshold = number(0, math.huge), cooldown = whole(0), min_lr = rates, eps = number(0, math.huge),
  },
  rate = function(_, _, base) return base end, -- bases sink as the metric says
}

-- The best value that counts as no better than `best`.
local function bar(o, best)
  local sign = o.mode == "min" and -1 or 1
  return o.threshold_mode == "rel" and best * (1 + sign * o.threshold) or best + sign * o.threshold
end

-- Lowers the bases when the metric has been no better for too long.
local function follow(self, metric)
  local o = self.options
  if torch.is_tensor(metric) then metric = metric:item() end
  if type(metric) ~= "number" then
    show.fail("optim.plateau: step(metric) needs a number, got %s", type(metric))
  end
  local better = not self.best
  if self.best and o.mode == "min" then better = metric < bar(o, self.best) end
  if self.best and o.mode == "max" then better = metric > bar(o, self.best) end
  if better and metric == metric then self.best, self.bad = metric, 0 else self.bad = self.bad + 1 end
  if self.resting > 0 then self.resting, self.bad = self.resting - 1, 0 end
  if self.bad <= o.patience then return end
  self.resting, self.bad = o.cooldown, 0
  for i, base in ipairs(self.bases) do
    local lower = math.max(base * o.factor, of_group(o.min_lr, i) or 0)
    if base - lower > o.eps then self.bases[i] = lower end
  end
end

-- schedules -----------------------------------------------------------------------

-- Gives the optimiser's groups the rates, and momenta, of now.
local function apply(self)
  local kind, o, warmup = kinds[self.name], self.options, self.options.warmup
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

--- Goes on by a batch or an epoch: the optimiser's groups get their next rates.
---@param metric number?  plateau: the value to watch, a validation loss for instance; ignored while warming up
function Schedule:step(metric)
  self.count = self.count + 1
  if self.name == "plateau" and self.count > self.options.warmup then follow(self, metric) end
  apply(self)
end

--- Where the schedule is: a flat table of numbers and strings, for JSON.
---@return table<string, number|string>
function Schedule:state()
  local state = {name = self.name, count = self.count, best = self.best, bad = self.bad, resting = self.resting}
  for i, base in ipairs(self.bases) do state["base" .. i] = base end
  return state
end

--- Goes on where a schedule of the same kind was, and gives the optimiser's groups the rates of then.
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

-- The options, a warmup that is a share of the total as units.
local function with_whole_warmup(given, total)
  if math.type(given.warmup) == "integer" or given.warmup >= 1 or given.warmup == 0 then return given end
  local o = {}
  for key, value in pairs(given) do o[key] = value end
  o.warmup = math.floor(given.warmup * total)
  return o
end

--- Begins the schedule for an optimiser, whose groups' rates become the base rates.
---@param optimizer moonlark.Optimizer
---@param total integer?  how many units training will take; cosine and one_cycle need it
---@return moonlark.Schedule
function Recipe:bind(optimizer, total)
  local owner, o = "optim." .. self.name, self.options
  if type(optimizer) ~= "table" or type(optimizer.groups) ~= "table" then
    show.fail("%s: bind(optimizer, total) needs an optimiser, got %s", owner, type(optimizer))
  end
  if kinds[self.name].bounded or total ~= nil then
    whole(1)(owner, "total (bind's second argument)", total)
    o = with_whole_warmup(o, total)
    if kinds[self.name].bounded and o.warmup >= total then
      show.fail("%s: warmup must be below the total of %d, got %d", owner, total, o.warmup)
    end
  end
  local bound = {
    name = self.name, options = o, unit = self.unit, optimizer = optimizer, total = total, count = 0, bases = {},
  }
  for _, name in ipairs {"max_lr", "min_lr"} do
    if type(o[name]) == "table" and #o[name] ~= #optimizer.groups then
      show.fail("%s: %s has %d rates for %d groups", owner, name, #o[name], #optimizer.groups)
    end
  end
  for i, group in ipairs(optimizer.groups) do bound.bases[i] = group.lr end
  if self.name == "plateau" then bound.bad, bound.resting = 0, 0 end
  setmetatable(bound, Schedule)
  bound.cycles = cycles(bound)
  apply(bound)
  return bound
end

local function recipe(name, given)
  local kind, owner = kinds[name], "optim." .. name
  local defaults = {warmup = 0, unit = kind.unit}
  for key, value in pairs(kind.defaults) do defaults[key] = value end
  local o = options.read(owner, given, defaults)
  if not (type(o.warmup) == "number" and o.warmup > 0 and o.warmup < 1) then whole(0)(owner, "warmup", o.warmup) end
  one_of("batch", "epoch")(owner, "unit", o.unit)
  for key, check in pairs(kind.checks) do
    if o[key] ~= nil then check(owner, key, o[key]) end
  end
  return setmetatable({name = name, given = given or {}, options = o, unit = o.unit}, Recipe)
end

--- The rate falls by a factor now and then: base gamma^floor(t / step_size). PyTorch: StepLR.
---@param given {step_size: integer, gamma: number?, warmup: integer?, unit: string?}  step_size: units between two
---  falls; gamma 0.1; warmup 0; unit "epoch"
---@return moonlark.ScheduleRecipe
function schedule.step(given) return recipe("step", given) end

--- The rate falls from its base to min_lr along half a cosine over the whole training, and stays there
--- (Loshchilov and Hutter, 2017, without restarts). PyTorch: CosineAnnealingLR.
---@param given {min_lr: number|number[]?, warmup: integer?, unit: string?}?  min_lr 0, or one for each group; warmup
---  0; unit "batch"
---@return moonlark.ScheduleRecipe
function schedule.cosine(given) return recipe("cosine", given) end

--- The rate rises from max_lr / div_factor to max_lr and falls to max_lr / div_factor / final_div_factor (Smith and
--- Topin, 2019); the momentum (of Adam: the first beta) does the reverse. PyTorch: OneCycleLR.
---
--- pct_start (0.3) is the part of the training that rises; three_phase (false) falls as long as it rises, to where
--- it began, and then to the end; anneal_strategy is "cos" or "linear". cycle_momentum moves the momentum between
--- base_momentum (0.85) and max_momentum (0.95): by default where the optimiser has betas or a momentum above 0.
---@param given {max_lr: number|number[], pct_start: number?, div_factor: number?, final_div_factor: number?,
---  three_phase: boolean?, anneal_strategy: string?, cycle_momentum: boolean?, base_momentum: number?,
---  max_momentum: number?, warmup: integer?, unit: string?}  max_lr: for all groups or each; div_factor 25;
---  final_div_factor 1e4; unit "batch"
---@return moonlark.ScheduleRecipe
function schedule.one_cycle(given) return recipe("one_cycle", given) end

--- The rate falls by `factor` when the metric given to step has been no better for more than `patience` epochs.
--- PyTorch: ReduceLROnPlateau.
---
--- Better than the best is: below best (1 - threshold) for mode "min", above best (1 + threshold) for "max"; with
--- threshold_mode = "abs", by the threshold itself. After a fall the next `cooldown` epochs count as good. The rate
--- never falls below min_lr (a number or one for each group), nor by less than eps. Not a number is never better.
---@param given {mode: string?, factor: number?, patience: integer?, threshold: number?, threshold_mode: string?,
---  cooldown: integer?, min_lr: number|number[]?, eps: number?, warmup: integer?, unit: string?}?  mode "min"; factor
---  0.1; patience 10; threshold 1e-4; threshold_mode "rel"; cooldown 0; min_lr 0; eps 1e-8; unit "epoch"
---@return moonlark.ScheduleRecipe
function schedule.plateau(given) return recipe("plateau", given) end

--- The rate rises linearly from start_factor of its base to the base, in `steps` units, and stays there. PyTorch:
--- LinearLR with total_iters = steps.
---@param given {steps: integer, start_factor: number?, unit: string?}  start_factor 1 / (steps + 1); unit "batch"
---@return moonlark.ScheduleRecipe
function schedule.warmup(given) return recipe("warmup", given) end

return schedule
