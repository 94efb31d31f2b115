--- Routes of the library: songs that sound alike.
local answers = require "moonlark.server.answers"
local collection = require "moonlark.server.collection"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local waiting = require "moonlark.server.waiting"

local function similar(service, request)
  local id = request.parts.id
  if not (service.library and service.library:song(id)) then
    collection.known(service, id)
    problem.fail(409, "only songs of a library are compared: moonlark serve --library")
  end
  local asked = {library = service.library.path, song = id, limit = request.said.limit}
  waiting.task(request, {task = "similar", options = asked}, function(_, result)
    local list = json.array {}
    for i, song in ipairs(result.songs) do list[i] = collection.filed(song) end
    request:answer(200, {songs = list, total = #list})
  end)
end

return function(route, service)
  route("GET /v1/songs/{id}/similar", {
    summary = "Songs of the library that sound like one of them, the most similar first.", tag = "library",
    query = options.outside("similar", {limit = options.integer(20, {least = 1, most = 1000}, "how many")}),
    answers = {[200] = {"The songs.", schema = answers.page("songs", "Song")}, [404] = "There is no such song.",
      [409] = "It is not in the library."},
  }, function(request) similar(service, request) end)
end
