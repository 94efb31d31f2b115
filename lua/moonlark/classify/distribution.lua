--- Distribution: what a random search draws a hyperparameter from.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.classify
local distributions = {}

---@class moonlark.Distribution
---@field draw fun(random: fun(n: integer): integer): any
---@field package name string
---@field package low number
---@field package high number
local Distribution = {}
Distribution.__index = Distribution
Distribution.__name = "moonlark.Distribution"

function Distribution:__tostring() return ("%s(%g, %g)"):format(self.name, self.low, self.high) end

local function new(name, low, high, draw)
  for _, bound in ipairs {low or false, high or false} do
    if not math.type(bound) or bound ~= bound or math.abs(bound) == math.huge then
      show.fail("%s takes two numbers, from low to high, got %s", name, options.got(bound))
    end
  end
  if low > high then show.fail("%s: low must be at most high, got %g and %g", name, low, high) end
  return setmetatable({name = name, low = low, high = high, draw = draw}, Distribution)
end

-- A number in 0..1 by a generator of whole ones.
local function unit(random) return random(1 << 53) / (1 << 53) end

--- Any number from low to high, all equally probable.
---     classify.random_search(model, X, {subsample = classify.uniform(0.5, 1)}, {trials = 20})
---@param low number
---@param high number
---@return moonlark.Distribution
function distributions.uniform(low, high)
  return new("uniform", low, high, function(random) return low + (high - low) * unit(random) end)
end

--- Any number from low to high, all magnitudes equally probable: from 0.01 to 100 half of them are below 1.
---     classify.random_search(classify.svm(), X, {C = classify.log_uniform(1e-2, 1e3)}, {trials = 20})
---@param low number  above 0
---@param high number
---@return moonlark.Distribution
function distributions.log_uniform(low, high)
  local made = new("log_uniform", low, high, function(random)
    return math.min(high, math.max(low, low * (high / low) ^ unit(random)))
  end)
  if low <= 0 then show.fail("log_uniform: low must be above 0, got %g", low) end
  return made
end

--- Any whole number from low to high, all equally probable.
---     classify.random_search(classify.knn(), X, {n_neighbors = classify.integers(1, 30)}, {trials = 20})
---@param low integer
---@param high integer
---@return moonlark.Distribution
function distributions.integers(low, high)
  local made = new("integers", low, high, function(random) return low + random(high - low + 1) end)
  if math.type(low) ~= "integer" or math.type(high) ~= "integer" then
    show.fail("integers takes two whole numbers, got %s and %s", tostring(low), tostring(high))
  end
  return made
end

return distributions
