--- Routes of pictures: features of a song with their axes, to look at, print and send.
local collection = require "moonlark.server.collection"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local schema = require "moonlark.server.schema"
local waiting = require "moonlark.server.waiting"

local number, integer, choice = options.number, options.integer, options.choice
local types = {png = "image/png", svg = "image/svg+xml", pdf = "application/pdf"}
local longest = 600

local drawing = options.outside("pictures", {
  kind = choice({"mel", "cqt", "chroma", "tonnetz", "waveform"}, "mel", "what is drawn"),
  start = number(0, {least = 0, unit = "s"}, "where the picture begins"),
  duration = number(longest, {least = 0.1, most = longest, unit = "s"}, "how much it shows"),
  width = integer(900, {least = 200, most = 4000, unit = "pixels"}, "96 an inch; a PNG has twice as many"),
  height = integer(420, {least = 150, most = 4000, unit = "pixels"}, "96 an inch; a PNG has twice as many"),
  palette = choice({"magma", "viridis", "grey", "blues", "diverging"}, options.none, "of maps",
    {usual = "by what is drawn"}),
  format = choice({"png", "svg", "pdf"}, "png", "of the file"),
})

local function draw(service, request)
  local song, said = collection.known(service, request.parts.id), request.said
  if song.duration and said.start >= song.duration then
    problem.fail(422, ("start must be below %g, where the song ends"):format(song.duration), {argument = "start"})
  end
  waiting.task(request, {task = "picture", song = song.id, options = said}, function(_, result)
    request:send_file(files.join(service.songs:folder(song.id), result.file), types[said.format])
  end)
end

return function(route, service)
  local picture = {}
  for _, kind in pairs(types) do picture[kind] = {schema = schema.text(nil, {format = "binary"})} end
  route("GET /v1/songs/{id}/picture", {
    summary = "A picture of a song: a map with its axes, or its waveform.", tag = "maps", query = drawing,
    answers = {[200] = {"The picture.", content = picture}, [206] = {"What Range asked for.", content = picture},
      [404] = "There is no such song.", [416] = "Range lies outside of the file.", [504] = "It took too long."},
  }, function(request) draw(service, request) end)
end
