--- Pipeline: transformers and a last estimator that are fitted together, each on what the one before it gives.
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

-- A method of the last step, on what the steps before it make of x.
local function last(method)
  return function(state, x, _, ...)
    local step = state.steps[#state.steps]
    if not step[method] then show.fail("%s has no %s", step.kind, method) end
    for i = 1, #state.steps - 1 do x = state.steps[i]:transform(x) end
    return step[method](step, x, ...)
  end
end

local function check(settings)
  if #settings.steps == 0 then show.fail "a pipeline needs a list of one estimator or more" end
  for i, step in ipairs(settings.steps) do
    if not estimator.is(step) then show.fail("step %d of the pipeline is no estimator, got %s", i, type(step)) end
    if i < #settings.steps and not step.transform then
      show.fail("step %d of the pipeline, %s, cannot transform: only the last step may be such", i, step.kind)
    end
  end
end

return estimator.define {
  parameters = options.describe("classify.pipeline", {
    steps = options.value("moonlark.Estimator[]", "a list of estimators",
      function(value) return type(value) == "table" and value or nil end, options.required,
      "each is fitted to what the one before it gives"),
  }),
  state = {"table steps"},
  check = check,
  fit = function(settings, x, y, names)
    local steps = {}
    for i, step in ipairs(settings.steps) do
      steps[i] = step:clone():fit {x = x, y = y, classes = names}
      if i < #settings.steps then x = steps[i]:transform(x) end
    end
    return {steps = steps}
  end,
  methods = {predict = last "predict", predict_proba = last "predict_proba", transform = last "transform",
    decision_function = last "decision_function"},
}
