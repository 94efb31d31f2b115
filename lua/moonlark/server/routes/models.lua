--- Routes of models: those that the service has loaded.
local answers = require "moonlark.server.answers"
local json = require "moonlark.base.json"

return function(route, service)
  route("GET /v1/models", {summary = "Lists the models that songs can be asked about.",
    answers = {[200] = {"The models.", schema = answers.page("models", "Model")}},
  }, function(request)
    local list = json.array {}
    for i, model in ipairs(service.pool.models or {}) do list[i] = model end
    request:answer(200, {models = list, total = #list})
  end)
end
