--- Routes of songs: sounds that are sent or lie in a folder of the machine.
local answers = require "moonlark.server.answers"
local collection = require "moonlark.server.collection"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local schema = require "moonlark.server.schema"
local source = require "moonlark.server.source"
local waiting = require "moonlark.server.waiting"

local search_library = require "moonlark.library.search"

local number, integer, text = options.number, options.integer, options.text
local no_song = "There is no such song (any more)."

local search = options.outside("songs", {
  query = text(options.none, "what the name or a tag holds, in any case", {usual = "any"}),
  tempo_min = number(options.none, {least = 0, unit = "BPM"}, "of songs that were analysed"),
  tempo_max = number(options.none, {least = 0, unit = "BPM"}, "of songs that were analysed"),
  key = search_library.parameters.by_name.key:but {help = "of songs that were analysed",
    schema = schema.text(nil, {pattern = "^[A-Ga-g][#b]*( ?(major|maj|minor|min|m))?$"})},
  mood = options.choice({"calm", "happy", "sad", "tense"}, options.none, "of songs that were analysed",
    {usual = "any"}),
  genre = text(options.none, "of songs that were asked about", {usual = "any"}),
  limit = integer(100, {least = 1, most = 1000}, "how many to list"),
  offset = integer(0, {least = 0, most = 1 << 31}, "how many to leave out"),
})

local function add(service, request)
  local song = source.song(service, request, request.said)
  waiting.task(request, {task = "decode", song = song.id}, function()
    request:answer(201, collection.held(service, song), {Location = "/v1/songs/" .. song.id})
  end)
end

local function list(service, request)
  local found, total = collection.search(service, request.said)
  request:answer(200, {songs = found, total = total})
end

local function remove(service, request)
  local song = collection.known(service, request.parts.id)
  if not song.upload then problem.fail(403, "this song was not sent: it lies on the machine, and stays there") end
  service.songs:remove(song.id)
  request:answer(204)
end

-- The decoded sound, for players; a song is decoded when it is first needed.
local function play(service, request)
  local song = collection.known(service, request.parts.id)
  local function send() request:send_file(song.sound, "audio/wav", {["Cache-Control"] = "private, max-age=3600"}) end
  if song.state == "ready" then return send() end
  waiting.task(request, {task = "decode", song = song.id}, send)
end

return function(route, service)
  local function handler(f) return function(request) f(service, request) end end
  local one = {"The song.", schema = schema.named "Song"}

  route("POST /v1/songs", {summary = "Takes a song: it is decoded once, and known by its content.", body = "sound",
    options = options.outside("songs", source.fields), one_of = source.one_of,
    answers = {[201] = one, [403] = "The path lies in no folder that may be read.", [404] = no_song,
      [500] = "The decoder crashed: only this file is affected."}}, handler(add))
  route("GET /v1/songs", {summary = "Lists songs, those that were used last first.", query = search,
    answers = {[200] = {"The songs.", schema = answers.page("songs", "Song")}}}, handler(list))
  route("GET /v1/songs/{id}", {summary = "Says what is known of a song.", answers = {[200] = one, [404] = no_song}},
    function(request) request:answer(200, collection.held(service, collection.known(service, request.parts.id))) end)
  route("DELETE /v1/songs/{id}", {summary = "Forgets a song that was sent, and all that was made of it.",
    answers = {[204] = {"It is gone."}, [403] = "It lies on the machine, and stays there.", [404] = no_song}},
      handler(remove))
  route("GET /v1/songs/{id}/audio", {summary = "The decoded sound, as a WAV of 32-bit floats.",
    answers = {[200] = {"All of it.", type = "audio/wav", schema = schema.text(nil, {format = "binary"})},
      [206] = {"What Range asked for.", type = "audio/wav", schema = schema.text(nil, {format = "binary"})},
      [404] = no_song, [416] = "Range lies outside of the file."}}, handler(play))
end
