--- Routes about the service itself: whether it lives, what it is, what it counts, what it can be asked.
local answers = require "moonlark.server.answers"
local json = require "moonlark.base.json"
local moonlark = require "moonlark"
local openapi = require "moonlark.server.openapi"
local prometheus = require "moonlark.server.prometheus"
local schema = require "moonlark.server.schema"



return function(route, service)
  route("GET /health", {summary = "Whether the service lives.", public = true, tag = "service",
    answers = {[200] = {"It does.", schema = schema.object {status = schema.one_of {"ok"}}}},
  }, function(request) request:answer(200, {status = "ok"}) end)

  route("GET /version", {summary = "Which Moonlark this is.", tag = "service",
    answers = {[200] = {"Its version.", schema = schema.object {moonlark = schema.text "its version",
      models = schema.list(schema.text(), "names of those that are loaded"),
      library = schema.boolean "it was started with a library"}}},
  }, function(request)
    local names = json.array {}
    for i, model in ipairs(service.pool and service.pool.models or {}) do names[i] = model.name end
    request:answer(200, {moonlark = moonlark.version, models = names, library = service.library ~= nil})
  end)

  route("GET /metrics", {summary = "Figures of the service, for Prometheus.", tag = "service",
    answers = {[200] = {"The figures.", type = prometheus.type, schema = schema.text()}},
  }, function(request) request:answer(200, prometheus.text(service), {["Content-Type"] = prometheus.type}) end)

  local document -- as text: it is long, and always the same
  route("GET /openapi.json", {summary = "What can be asked, as OpenAPI 3.1.", tag = "service",
    answers = {[200] = {"This document.", schema = schema.any_object()}},
  }, function(request)
    document = document
      or json.encode(openapi.document(service.routes, {version = moonlark.version, schemas = answers.schemas()}))
    request:answer(200, document .. "\n", {["Content-Type"] = "application/json"})
  end)
end
