--- Files and folders: what programs that leave results behind need.
---
--- A file is written beside its place and then renamed: a reader, or a person who pressed Ctrl-C, finds the old content
--- or the whole new one.
---
---     local files = require "moonlark.base.files"
---     files.mkdirs "runs/a/plots"
---     files.write("runs/a/report.md", text)
---     for _, path in ipairs(files.tree("genres", {".wav", ".mp3"})) do … end
local core = require "moonlark_core"
local lfs = require "lfs"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local files = {}

--- Writes a text (any bytes) to a file, atomically and flushed to the disk. The folder must exist.
---@type fun(path: string, text: string)
files.write = core.store.write

--- The whole content of a file.
---@param path string
---@return string
function files.read(path)
  if files.kind(path) == "directory" then show.fail("cannot read %s: it is a directory", path) end
  local file, why = io.open(path, "rb")
  if not file then show.fail("cannot read %s", why) end
  local text, reason = file:read "a"
  file:close()
  if not text then show.fail("cannot read %s: %s", path, reason) end
  return text
end

--- "file", "directory", another kind as lfs names it, or nil when there is nothing. Links are followed.
---@param path string
---@return string?
function files.kind(path) return (lfs.attributes(path, "mode")) end

--- True when something lies at the path.
---@param path string
---@return boolean
function files.exists(path) return files.kind(path) ~= nil end

--- Joins parts of a path with single slashes; empty parts count for nothing.
---@param ... string
---@return string
function files.join(...)
  local path = ""
  for _, part in ipairs {...} do
    if part ~= "" then path = path == "" and part or path:gsub("/+$", "") .. "/" .. part:gsub("^/+", "") end
  end
  return path
end

--- The folder of a path ("." when it names none) and the name within it.
---@param path string
---@return string folder
---@return string name
function files.split(path)
  local folder, name = path:match "^(.*)/([^/]*)$"
  if not folder then return ".", path end
  return folder == "" and "/" or folder, name
end

--- A name without its folder and last ending, and that ending in lower case (".wav", or "").
---@param path string
---@return string stem
---@return string ending
function files.stem(path)
  local _, name = files.split(path)
  local stem, ending = name:match "^(.+)(%.[^.]*)$"
  if not stem then return name, "" end
  return stem, ending:lower()
end

--- Makes a folder and those above it that are missing.
---@param path string
---@return string path
function files.mkdirs(path)
  local made = path:sub(1, 1) == "/" and "/" or ""
  for step in path:gmatch "[^/]+" do
    made = made .. step
    if not files.exists(made) then
      local ok, why = lfs.mkdir(made)
      -- Another process may have made it meanwhile.
      if not ok and files.kind(made) ~= "directory" then show.fail("cannot make the folder %s: %s", made, why) end
    elseif files.kind(made) ~= "directory" then
      show.fail("cannot make the folder %s: %s is a file", path, made)
    end
    made = made .. "/"
  end
  return path
end

--- Refuses a folder that could not be made or written to, without making anything: before the work, so that no work is
--- lost.
---@param path string
---@param what string  what the folder is for: "run folder"
---@return string path
function files.check_folder(path, what)
  local above = path
  while not files.exists(above) do above = files.split((above:gsub("/+$", ""))) end
  local is_folder = files.kind(above) == "directory"
  local ok, why = core.system.writable(above)
  if is_folder and ok then return path end
  show.fail("the %s %s cannot be written: %s: %s", what, path, above, is_folder and why or "it is no folder")
end

-- The iterator of a folder's names; nil and why where it cannot be listed.
local function names_of(folder)
  local ok, iterator, state = pcall(lfs.dir, folder)
  if ok then return iterator, state end
  return nil, tostring(iterator):match ": ([^:]+)$" or tostring(iterator)
end

--- The names in a folder, sorted byte by byte; those that begin with a dot are left out.
---@param folder string
---@return string[]? names  nil when `lenient` and the folder cannot be listed
---@return string? why
---@param lenient boolean?  a folder that cannot be listed is a result, not an error
function files.list(folder, lenient)
  local iterator, state = names_of(folder)
  if not iterator then
    if lenient then return nil, state end
    local why = files.exists(folder) and "it is no folder, or may not be read" or "it does not exist"
    show.fail("cannot list %s: %s", folder, why)
  end
  local names = {}
  for name in iterator, state do
    if name:sub(1, 1) ~= "." then names[#names + 1] = name end
  end
  return text.sort(names)
end

-- Why what lies at a path that is neither a file nor a folder cannot be read.
local function reason_of(path, kind)
  if kind == "named pipe" or kind == "socket" then return "is a " .. kind .. ", not a file" end
  if kind then return "is a device, not a file" end
  local _, why = lfs.attributes(path, "mode")
  why = tostring(why):match ": ([^:]+)$" or tostring(why)
  if lfs.symlinkattributes(path, "mode") == "link" then return "is a link that leads nowhere: " .. why end
  return why
end

--- All files under a folder, as paths that begin with it, sorted. Links to folders are followed, unless they lead back
--- to a folder that is being listed. The second result is what cannot be read, and does not stop the rest: folders that
--- may not be listed, links that lead back or nowhere, and, among the wanted names, pipes, sockets and devices. None of
--- these is opened. Errors: the folder itself cannot be listed.
---@param folder string
---@param endings string[]?  for instance {".wav", ".mp3"}, in lower case; default: every file
---@return string[]
---@return {path: string, reason: string}[]  sorted by path
function files.tree(folder, endings)
  local wanted = {}
  for _, ending in ipairs(endings or {}) do wanted[ending] = true end
  local found, aside, open = {}, {}, {}
  local function set_aside(path, reason) aside[#aside + 1] = {path = path, reason = reason} end
  local function is_wanted(name)
    local _, ending = files.stem(name)
    return not endings or wanted[ending]
  end
  local function descend(path, top)
    local here = lfs.attributes(path)
    local identity = here and here.dev .. ":" .. here.ino
    if identity and open[identity] then return set_aside(path, "is a link back to a folder above it") end
    local names, why = files.list(path, not top)
    if not names then return set_aside(path, "cannot be listed: " .. why) end
    if identity then open[identity] = true end
    for _, name in ipairs(names) do
      local inner = files.join(path, name)
      local kind = files.kind(inner)
      if kind == "directory" then
        descend(inner)
      elseif is_wanted(name) then
        if kind ~= "file" then set_aside(inner, reason_of(inner, kind)) else found[#found + 1] = inner end
      end
    end
    if identity then open[identity] = nil end
  end
  descend(folder, true)
  text.sort(found)
  table.sort(aside, function(a, b) return a.path < b.path end)
  return found, aside
end

-- Temporary folders that are still there; those that nobody removed go when the program ends.
local temporary = setmetatable({}, {__gc = function(made)
  for path in pairs(made) do pcall(files.remove, path) end
end})

--- Makes an empty folder for temporary files, which nobody else may enter, and returns its path. Remove it with
--- `files.remove`; at the latest it goes when the program ends, whether by itself or by SIGINT, SIGTERM or SIGHUP.
---@param base string?  the folder in which it is made; default: $TMPDIR, or /tmp
---@return string
function files.temporary_folder(base)
  base = base or os.getenv "TMPDIR" or "/tmp"
  if base == "" then base = "/tmp" end
  for i = 1, 100 do
    local path = files.join(base, ("moonlark-%x-%d"):format(math.floor(core.system.clock() * 1e9), i))
    if core.store.make_private_folder(path, temporary) then return path end
  end
  show.fail("cannot make a temporary folder in %s", base)
end

--- Removes a file, or a folder with all that it holds. Links are removed, not followed. Nothing there is no error.
---@param path string
function files.remove(path)
  local kind = lfs.symlinkattributes(path, "mode")
  if not kind then return end
  if kind == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then files.remove(files.join(path, name)) end
    end
  end
  local ok, why = os.remove(path)
  if not ok then show.fail("cannot remove %s", why) end
  temporary[path] = nil
end

return files
