--- Remote: what a hub answers: which files a model has at a revision, what each is, and their contents.
---
--- The interface is that of Hugging Face's hub: api/models/NAME/revision/REVISION, and NAME/resolve/COMMIT/FILE with
--- the headers ETag, X-Linked-Etag and X-Linked-Size.
local cache = require "moonlark.hub.cache"
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local place = require "moonlark.hub.place"
local show = require "moonlark.base.show"

local remote = {}

-- Troubles of a test end soon: MOONLARK_HUB_PAUSE is the first pause between two tries in seconds.
local function patience() return tonumber(os.getenv "MOONLARK_HUB_PAUSE") end

local function escaped(path)
  return (path:gsub("[^%w%-._~/]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- Asks the hub, with the token where there is one.
local function ask(token, address, head)
  return core.net.ask {url = place.endpoint() .. "/" .. address, token = token, head = head, pause = patience()}
end

--- What a model has at a revision.
---@param name string
---@param revision string
---@param token string?
---@return {commit: string, names: string[]}
function remote.model(name, revision, token)
  local address = ("api/models/%s/revision/%s"):format(name, escaped(revision):gsub("/", "%%2F"))
  local answer = ask(token, address)
  local fine, facts = pcall(json.decode, answer.body, address)
  local commit = fine and type(facts) == "table" and facts.sha
  if type(commit) ~= "string" or not commit:find "^%x+$" or #commit ~= 40 or type(facts.siblings) ~= "table" then
    show.fail("the hub's answer about %s is none: it names no commit and files", name)
  end
  local names = {}
  for i, file in ipairs(facts.siblings) do
    local path = type(file) == "table" and file.rfilename
    if type(path) ~= "string" then show.fail("the hub's answer about %s: file %d has no name", name, i) end
    names[i] = path
  end
  return {commit = commit, names = names}
end

local function address_of(name, commit, file) return ("%s/resolve/%s/%s"):format(name, commit, escaped(file)) end

--- What a file is: the hash that it is kept under, its length, and whether the hash is that of its content.
---@param name string
---@param commit string
---@param file string
---@param token string?
---@return {name: string, hash: string, size: integer?, known: boolean}
function remote.file(name, commit, file, token)
  cache.check_file(file)
  local headers = ask(token, address_of(name, commit, file), true).headers
  local hash = (headers["x-linked-etag"] or headers.etag or ""):gsub("^W/", ""):gsub('"', "")
  if not hash:find "^[%w_-]+$" or #hash > 128 then show.fail("the hub does not say what %s of %s is", file, name) end
  local known = hash:find "^%x+$" and hash == hash:lower() and (#hash == 64 or #hash == 40)
  local size = headers["x-linked-size"] or headers["content-length"]
  return {name = file, hash = hash, size = math.tointeger(tonumber(size)), known = known and true or false}
end

--- Fetches a file's content to a path: whole and checked, or an error.
---@param name string
---@param commit string
---@param file {name: string, hash: string, size: integer?, known: boolean}
---@param path string
---@param token string?
---@param say fun(done: integer)?  bytes so far
function remote.fetch(name, commit, file, path, token, say)
  core.net.download({
    url = place.endpoint() .. "/" .. address_of(name, commit, file.name), token = token, path = path, size = file.size,
    hash = file.known and file.hash or nil, pause = patience(),
  }, say)
end

return remote
