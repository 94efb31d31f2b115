--- Source: which song a request is about: one that comes with it, one that is there, or a file of this machine.
---
---     local song = source.song(service, request, said)      -- of request.upload, said.song or said.path
local collection = require "moonlark.server.collection"
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local schema = require "moonlark.server.schema"

local source = {}

local hex = schema.text("32 hexadecimal digits", {pattern = "^[0-9a-f]{32}$"})

--- Fields of a request that say which song is meant; `one_of` of its route.
source.fields = {
  song = options.value("string", "32 hexadecimal digits", function(value)
    return type(value) == "string" and #value == 32 and value:find "^[0-9a-f]+$" and value or nil
  end, options.none, "the id of a song that the service holds", {schema = hex}),
  path = options.text(options.none, "a file in a folder that the service may read (--folders)"),
}
source.one_of = {"song", "path"}

-- Whether a file lies in one of these folders, links followed.
local function lies_in(path, folders)
  for _, folder in ipairs(folders) do
    local within = core.system.real_path(folder)
    if within and (path:sub(1, #within + 1) == within .. "/" or within == "/") then return true end
  end
  return false
end

-- A file of this machine. What may not be read, is not there or is no file is told apart from nothing.
local function linked(service, path)
  local folders = service.folders
  if #folders == 0 then
    problem.fail(403, "no folder of this machine may be read: moonlark serve --folders", {argument = "path"})
  end
  local real = not path:find "\0" and core.system.real_path(path)
  if not real or not lies_in(real, folders) then
    problem.fail(403, "path must be a file in a folder that may be read", {argument = "path"})
  end
  local fine, song = pcall(service.songs.link, service.songs, real)
  return fine and song or problem.fail(422, "path cannot be read as a file", {argument = "path"})
end

--- The song that a request is about. Errors, as problems: there is none, several are named, the file may not be read.
---@param service moonlark.server.Service
---@param request moonlark.server.Request
---@param said {song: string?, path: string?}
---@return moonlark.server.Song
function source.song(service, request, said)
  local upload = request.upload
  if (upload and 1 or 0) + (said.song and 1 or 0) + (said.path and 1 or 0) ~= 1 then
    problem.fail(422, "exactly one is needed of: the sound as the body, song, path")
  end
  if upload then
    if upload.bytes == 0 then problem.fail(422, "the file is empty") end
    return service.songs:take(upload.path, {name = upload.name ~= "" and upload.name or nil})
  end
  if said.path then return linked(service, said.path) end
  return collection.known(service, said.song)
end

return source
