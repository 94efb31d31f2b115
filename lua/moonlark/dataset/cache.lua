--- The cache: a folder of results that were computed before, found again by the content of the sound file and the
--- recipe. Commands use the user's own unless they are told otherwise.
---
---     local X = songs:extract(recipe, {cache = true})        -- the user's
---     local X = songs:extract(recipe, {cache = ".moonlark"}) -- one beside the data
---     cache.limit(50 << 30)
local core = require "moonlark_core".cache
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local cache = {}

--- What functions that keep results can be told.
cache.options = {
  cache = options.either(options.none, {options.choice({true}, options.none), options.text()},
    "a folder that keeps results between runs; true: the user's", {usual = "nothing is kept"}),
}

--- The user's cache folder: $MOONLARK_CACHE, else $XDG_CACHE_HOME/moonlark, else ~/.cache/moonlark; nil where none is
--- known, or MOONLARK_CACHE is empty: then commands keep nothing.
---@return string?
function cache.folder()
  local own = os.getenv "MOONLARK_CACHE"
  if own then return own ~= "" and own or nil end
  local base, home = os.getenv "XDG_CACHE_HOME", os.getenv "HOME"
  if base and base:sub(1, 1) == "/" then return files.join(base, "moonlark") end
  return home and home ~= "" and files.join(home, ".cache", "moonlark") or nil
end

local warned = {}

--- The cache folder that the option `cache` of a function asks for: true is the user's, nil and false none. One that
--- cannot be made or written to is left out, which a line on standard error says once.
function cache.usable(wanted)
  if wanted == true then wanted = cache.folder() end
  if not wanted then return nil end
  local fine, why = pcall(core.check, wanted)
  if fine then return wanted end
  if not warned[wanted] then
    io.stderr:write(show.format("moonlark: results are not kept between runs: %s\n", why))
    warned[wanted] = true
  end
  return nil
end

local function chosen(folder)
  folder = folder or cache.folder() or error("there is no cache folder: MOONLARK_CACHE is empty, or HOME not set", 0)
  if type(folder) ~= "string" then show.fail("folder must be a string, got %s", type(folder)) end
  return folder
end

--- How much a cache holds, and the most that it may: bytes as the disk counts them.
---@param folder string?  default: the user's
---@return {entries: integer, bytes: integer, limit: integer}
function cache.usage(folder) return core.usage(chosen(folder)) end

--- Sets the most that a cache may hold (10 GiB at first). What was used longest ago goes as room is needed, and at
--- once when there is too much already; no entry may be larger than a sixteenth of the limit.
---@param bytes integer
---@param folder string?  default: the user's
function cache.limit(bytes, folder)
  folder = chosen(folder)
  files.mkdirs(folder)
  core.limit(folder, bytes)
end

--- Removes every entry.
---@param folder string?  default: the user's
---@return {entries: integer, bytes: integer}  what was removed
function cache.clear(folder) return core.clear(chosen(folder)) end

--- Reads every entry, compares it with its checksum and removes what is damaged.
---@param folder string?  default: the user's
---@return {entries: integer, bytes: integer, damaged: integer}
function cache.verify(folder) return core.verify(chosen(folder)) end

return cache
