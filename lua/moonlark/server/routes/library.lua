--- Routes of the library: songs that sound alike, recordings that are there twice, genres of one's own.
local answers = require "moonlark.server.answers"
local collection = require "moonlark.server.collection"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local schema = require "moonlark.server.schema"
local source = require "moonlark.server.source"
local waiting = require "moonlark.server.waiting"

local integer, text = options.integer, options.text
local page = {"The songs.", schema = answers.page("songs", "Song")}
local no_library = "The service was started without a library."

local function library_of(service)
  return service.library or problem.fail(409, "the service was started without a library (--library)")
end

local function filed(songs)
  local list = json.array {}
  for i, song in ipairs(songs) do list[i] = collection.filed(song) end
  return list
end

-- Asks the library in a worker; f(result) answers.
local function ask(service, request, asked, f)
  asked.library = library_of(service).path
  waiting.task(request, {task = "library", options = asked}, function(_, result) f(result) end)
end

-- The same, answered with songs.
local function ask_songs(service, request, asked)
  ask(service, request, asked, function(result)
    request:answer(200, {songs = filed(result.songs), total = result.total or #result.songs})
  end)
end

local function similar(service, request)
  local id = request.parts.id
  if not (service.library and service.library:song(id)) then
    collection.known(service, id)
    problem.fail(409, "only songs of a library are compared: moonlark serve --library")
  end
  ask_songs(service, request, {ask = "similar", song = id, limit = request.said.limit})
end

local function duplicates(service, request)
  ask(service, request, {ask = "duplicates"}, function(result)
    local groups = json.array {}
    for i, songs in ipairs(result.groups) do groups[i] = {songs = filed(songs)} end
    request:answer(200, {groups = groups})
  end)
end

local function list_genres(service, request)
  local own = library_of(service):genres()
  request:answer(200, {genres = json.array(own:names()), answers = #own:answers()})
end

local function say(service, request)
  local said, l = request.said, library_of(service)
  if not l:song(said.song) then problem.fail(404, "the library has no such song") end
  if not said.genre:find "%S" then problem.fail(422, "genre must be a name, got nothing but blanks", {argument = "genre"}) end
  l:genres():say(said.song, said.genre, said.yes)
  request:answer(204)
end

local function add_genres(route, service)
  route("GET /v1/library/genres", {summary = "Genres of one's own, of which there are examples.",
    answers = {[200] = {"Their names.", schema = schema.object {genres = schema.list(schema.text()),
      answers = schema.integer "how often something was said"}}, [409] = no_library},
  }, function(request) list_genres(service, request) end)

  route("POST /v1/library/genres", {summary = "Says that a song is of a genre of one's own, or is not.", body = "json",
    needs_body = true, options = options.outside("genres", {
      song = source.fields.song:but {required = true, optional = false}, genre = text(options.required, "any name"),
      yes = options.boolean(true, "whether it is"),
    }), answers = {[204] = {"It is noted."}, [404] = "The library has no such song.", [409] = no_library},
  }, function(request) say(service, request) end)

  route("GET /v1/library/genres/suggestions", {summary = "Which genre each song is of, the surest first.",
    query = options.outside("suggestions", {
      genre = text(options.none, "songs of this one alone", {usual = "all"}),
      least = options.number(0, {least = 0, most = 1}, "confidence, at least"),
      limit = integer(100, {least = 1, most = 1000}, "songs at most"),
    }), answers = {[200] = page, [409] = no_library},
  }, function(request)
    local said = request.said
    ask_songs(service, request, {ask = "suggestions", genre = said.genre, least = said.least, limit = said.limit})
  end)

  route("GET /v1/library/genres/questions", {summary = "What to ask a person next: is this song of that genre?",
    query = options.outside("questions", {count = integer(5, {least = 1, most = 100}, "how many")}),
    answers = {[200] = page, [409] = no_library},
  }, function(request) ask_songs(service, request, {ask = "questions", count = request.said.count}) end)
end

return function(route, service)
  route("GET /v1/songs/{id}/similar", {
    summary = "Songs of the library that sound like one of them, the most similar first.", tag = "library",
    query = options.outside("similar", {limit = integer(20, {least = 1, most = 1000}, "how many")}),
    answers = {[200] = page, [404] = "There is no such song.", [409] = "It is not in the library."},
  }, function(request) similar(service, request) end)

  route("GET /v1/library/duplicates", {summary = "Recordings that are there more than once, in whatever encoding.",
    answers = {[200] = {"Groups of songs; the first is what one would keep.", schema = schema.object {
      groups = schema.list(schema.object {songs = schema.list(schema.named "Song")})}}, [409] = no_library},
  }, function(request) duplicates(service, request) end)

  add_genres(route, service)
end
