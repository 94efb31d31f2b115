--- Routes of maps: pictures over a whole song, and the tiles that a page shows of them.
local collection = require "moonlark.server.collection"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local schema = require "moonlark.server.schema"
local tiles = require "moonlark.server.tiles"
local waiting = require "moonlark.server.waiting"

local kinds = {"mel", "cqt", "chroma", "tonnetz"}
local kind_part = schema.one_of(kinds, "what is drawn")
local zoom_part = schema.integer("0: all columns; each zoom halves them", {minimum = 0, maximum = 32})
local tile_part = schema.text("from 0: 12.png", {pattern = "^[0-9]{1,7}\\.png$"})

local drawing = options.outside("maps", {palette = options.choice({"magma", "viridis", "gray", "blues", "diverging"},
  "magma", "its colours")})

local names = {gray = "grey"} -- as plots call it

-- Calls f(map) once the song's map is there: it is made by a worker when it is first asked for.
local function with_map(service, request, f)
  local song, kind = collection.known(service, request.parts.id), request.parts.kind
  local path = files.join(service.songs:folder(song.id), kind .. ".map")
  local function answer() f(tiles.open(path)) end
  local known = false
  for _, one in ipairs(kinds) do known = known or one == kind end
  if not known then problem.fail(404, "there are maps of mel, cqt, chroma and tonnetz") end
  if files.exists(path) then return answer() end
  waiting.task(request, {task = "map", song = song.id, options = {kind = kind}}, answer)
end

-- A whole number in a path; nil: it is none.
local function whole(text) return text and #text < 10 and math.tointeger(tonumber(text)) or nil end

local function send_tile(service, request)
  local zoom, index = whole(request.parts.zoom:match "^%d+$"), whole(request.parts.tile:match "^(%d+)%.png$")
  if not (zoom and index) then problem.fail(404, "a tile is called ZOOM/INDEX.png, in whole numbers") end
  with_map(service, request, function(map)
    local palette = request.said.palette
    local bytes = map:png(zoom, index, names[palette] or palette) or problem.fail(404, "the map has no such tile")
    request:answer(200, bytes, {["Content-Type"] = "image/png",
      ["Cache-Control"] = "private, max-age=86400, immutable"})
  end)
end

return function(route, service)
  local none = "There is no such song, or no such map."
  route("GET /v1/songs/{id}/maps/{kind}", {
    summary = "Says how a map is cut into tiles; it is made when it is first asked for.", tag = "maps",
      parts = {kind = kind_part},
    answers = {[200] = {"The map.", schema = schema.named "Map"}, [404] = none},
  }, function(request) with_map(service, request, function(map) request:answer(200, map:plain()) end) end)

  route("GET /v1/songs/{id}/maps/{kind}/{zoom}/{tile}", {
    summary = "A tile: 256 columns of a map, low frequencies at the bottom.", tag = "maps", query = drawing,
    parts = {kind = kind_part, zoom = zoom_part, tile = tile_part},
    answers = {[200] = {"The picture.", type = "image/png", schema = schema.text(nil, {format = "binary"})},
      [404] = none},
  }, function(request) send_tile(service, request) end)
end
