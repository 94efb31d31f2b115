-- Routes for the hostile requests of requests.py: a body of each kind, files, a WebSocket.
local route = ...
local problem = require "moonlark.server.problem"

route("GET /v1/hello/{name}", {}, function(request)
  request:answer(200, {hello = request.parts.name, query = request.query})
end)
route("POST /v1/json", {body = "json"}, function(request) request:answer(200, request:body()) end)
route("POST /v1/sound", {body = "sound"}, function(request)
  local upload = request.upload or problem.fail(422, "a file is needed")
  request:answer(201, {name = upload.name, type = upload.type, bytes = upload.bytes, fields = request.fields})
end)
route("GET /v1/smuggled", {}, function(request) request:answer(200, "smuggled") end)
route("GET /v1/echo", {}, function(request)
  local socket = request:websocket()
  socket.on_message = function(data, binary) socket:send(data, binary) end
end)
