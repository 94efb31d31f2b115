--- Changed: an unfitted copy of a model with some hyperparameters replaced.
local options = require "moonlark.base.options"

-- The steps of a pipeline by the last word of their kinds.
local function step_named(steps, name)
  local names = {}
  for i, step in ipairs(steps) do
    names[i] = step.kind:match "[^.]+$"
    if names[i] == name then return i end
  end
  options.unknown("step of the pipeline", name, names)
end

-- Kinds whose steps are copies of one model.
local made_of_one = {["classify.one_vs_rest"] = true, ["regress.multi_output"] = true, ["regress.standardized"] = true}

local function with(model, changes)
  if made_of_one[model.kind] then
    return model:clone {steps = {with(model.settings.steps[1], changes)}}
  end
  if model.kind ~= "classify.pipeline" then return model:clone(changes) end
  local steps, by_step = {}, {}
  for i, step in ipairs(model.settings.steps) do steps[i], by_step[i] = step, {} end
  for key, value in pairs(changes) do
    local name, own = key:match "^([%w_]+)%.([%w_]+)$"
    by_step[name and step_named(steps, name) or #steps][own or key] = value
  end
  for i, step in ipairs(steps) do
    if next(by_step[i]) then steps[i] = with(step, by_step[i]) end
  end
  return model:clone {steps = steps}
end

--- A clone with hyperparameters replaced: in a pipeline, of its last step, or of the one that is named:
--- "pca.n_components"; of a model for each tag or target, those of the model.
---@param model moonlark.Estimator
---@param changes table<string, any>
---@return moonlark.Estimator
return with
