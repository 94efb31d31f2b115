--- Songs: the sounds that a service holds, each in a folder of its own.
---
---     local shelf = songs.new {most_bytes = 4e9}
---     local song = shelf:take(upload.path, {name = upload.name})
---
--- A song is known by the hash of its content, so what comes twice is there once. Its folder is named after that hash and
--- nothing else: whatever a file was called, its name never reaches the disk. The folder holds the sound once it is
--- decoded, and what tasks make of it; the oldest that nobody uses goes when all of them take too much.
local claim = require "moonlark.base.claim"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local songs = {}

---@class moonlark.server.Song
---@field id string  32 hexadecimal digits: the hash of the content
---@field name string  as its owner calls it: any text
---@field bytes integer  of the file that came
---@field upload boolean  it came from a client; else it lies in a folder of the machine
---@field added integer  seconds, as os.time has them
---@field state "new"|"decoding"|"ready"
---@field input string?  the file that is to be decoded
---@field sound string  the decoded file: a WAV of 32-bit floats, all channels at their own rate
---@field rate integer?  Hz; this and the following once it is ready
---@field channels integer?
---@field frames integer?
---@field duration number?  seconds
---@field format string?
---@field codec string?
---@field tags table<string, string>?
---@field partial string?  how much of a damaged file was kept
---@field package uses integer  tasks that need it
---@field package disk integer  bytes in its folder
---@field package used integer  when it was last asked for: a count

---@class moonlark.server.Songs
---@field folder_path string
---@field uploads string  a folder for files that are on their way: on the same disk, so that they can be moved
---@field package by_id table<string, moonlark.server.Song>
---@field package leaving table<string, moonlark.server.Song>  removed, but a task still needs them
---@field package total integer  bytes
---@field package most integer
---@field package clock integer
---@field package lock moonlark.Lock
local Songs = {}
Songs.__index = Songs
Songs.__name = "moonlark.server.Songs"

local parameters = options.describe("server.songs", {
  folder = options.text(options.none, "where their folders lie, which are removed at the end", {usual = "a temporary one"}),
  most_bytes = options.integer(4000000000, {least = 1}, "of all folders together; the oldest songs go"),
})

local mark = ".songs.lock" -- in a shelf's folder, for as long as its process lives

-- Whether a folder is a shelf of ours whose process was killed: nobody holds its lock. Other people's are left alone.
local function is_left(folder)
  local found, me = lfs.symlinkattributes(folder), lfs.attributes "/proc/self"
  if not found or found.mode ~= "directory" or not me or found.uid ~= me.uid then return false end
  if not files.exists(files.join(folder, mark)) then return false end
  local lock <close> = claim.try_lock(folder, mark)
  return lock ~= nil
end

-- Removes what services that were killed have left in a folder.
local function sweep(base)
  for _, name in ipairs(files.list(base, true) or {}) do
    local folder = files.join(base, name)
    if name:find "^moonlark%-%x+%-%d+$" and is_left(folder) then pcall(files.remove, folder) end
  end
end

--- An empty shelf of songs. Its folder is private, and goes when the program ends; where it was killed, the next shelf
--- beside it removes it.
---     local shelf = songs.new()
---@param given moonlark.server.songs.Options?
---@return moonlark.server.Songs
function songs.new(given)
  local o = parameters:read(given)
  local folder = files.temporary_folder(o.folder and files.mkdirs(o.folder))
  sweep((files.split(folder)))
  return setmetatable({folder_path = folder, lock = claim.lock(folder, mark), uploads = files.mkdirs(files.join(folder, "uploads")), by_id = {}, leaving = {}, total = 0,
    most = o.most_bytes, clock = 0}, Songs)
end

-- Bytes of the files in a folder, and of those in folders below it.
local function size_of(folder)
  local total = 0
  for _, name in ipairs(files.list(folder)) do
    local path = files.join(folder, name)
    local found = lfs.symlinkattributes(path)
    if found and found.mode == "directory" then total = total + size_of(path) end
    total = total + (found and found.mode == "file" and found.size or 0)
  end
  return total
end

local function touch(self, song)
  self.clock = self.clock + 1
  song.used = self.clock
  return song
end

--- The folder of a song: where tasks may leave what they make of it.
---     local path = shelf:folder(song.id) .. "/report.html"
---@param id string
---@return string
function Songs:folder(id) return files.join(self.folder_path, id) end

local function add(self, path, id, fields)
  local folder = self:folder(id)
  files.mkdirs(folder)
  local song = {id = id, name = fields.name or select(2, files.split(path)), bytes = lfs.attributes(path, "size"),
    upload = fields.upload, added = os.time(), state = "new", sound = files.join(folder, "sound.wav"), uses = 0,
    input = fields.upload and files.join(folder, "input") or path, disk = 0}
  if fields.upload then
    local moved, why = os.rename(path, song.input)
    if not moved then show.fail("cannot keep what was sent: %s", why) end
  end
  self.by_id[id] = touch(self, song)
  self:measure(song)
  return song
end

-- A song that was removed and comes again while a task still has it.
local function revive(self, id)
  local song = self.leaving[id]
  if not song then return nil end
  self.leaving[id], self.by_id[id] = nil, song
  self.total = self.total + song.disk
  return touch(self, song)
end

--- Takes a file that was sent: it is moved into the song's folder, or removed where its content is known. It must lie on
--- the disk of `uploads`.
---     local song = shelf:take(upload.path, {name = upload.name})
---@param path string
---@param fields {name: string?}?
---@return moonlark.server.Song
function Songs:take(path, fields)
  local id = core.store.hash_file(path)
  local known = self:get(id) or revive(self, id)
  if known then
    os.remove(path)
    return known
  end
  return add(self, path, id, {name = fields and fields.name, upload = true})
end

--- A song that lies on this machine, and stays where it is. Errors: it cannot be read.
---     local song = shelf:link "/music/song.flac"
---@param path string
---@param fields {name: string?}?
---@return moonlark.server.Song
function Songs:link(path, fields)
  local id = core.store.hash_file(path)
  return self:get(id) or revive(self, id) or add(self, path, id, {name = fields and fields.name, upload = false})
end

--- The song of an id, nil where there is none (any more).
---     local song = shelf:get(id)
---@param id string
---@return moonlark.server.Song?
function Songs:get(id)
  local song = self.by_id[id]
  return song and touch(self, song)
end

--- All of them, those first that were asked for last.
---     for _, song in ipairs(shelf:list()) do print(song.name) end
---@return moonlark.server.Song[]
function Songs:list()
  local list = {}
  for _, song in pairs(self.by_id) do list[#list + 1] = song end
  table.sort(list, function(a, b) return a.used > b.used end)
  return list
end

--- Forgets a song and removes its folder. Tasks that need it still have it, until they end.
---     shelf:remove(song.id)
---@param id string
---@return boolean there  it was there
function Songs:remove(id)
  local song = self.by_id[id]
  if not song then return false end
  self.by_id[id], self.total = nil, self.total - song.disk
  if song.uses > 0 then self.leaving[id] = song else files.remove(self:folder(id)) end
  return true
end

--- Notes that a task needs a song: it stays until it is let go as often as it was held.
---     shelf:hold(song)
---@param song moonlark.server.Song
function Songs:hold(song) song.uses = song.uses + 1 end

--- Lets go of a song that was held.
---     shelf:let_go(song)
---@param song moonlark.server.Song
function Songs:let_go(song)
  song.uses = song.uses - 1
  if self.by_id[song.id] == song then
    self:measure(song)
  elseif song.uses == 0 and self.leaving[song.id] == song then
    self.leaving[song.id] = nil
    files.remove(self:folder(song.id))
  end
end

-- The song that was not asked for for the longest time, of those that nobody uses.
local function oldest(self)
  local found
  for _, song in pairs(self.by_id) do
    if song.uses == 0 and song.used < self.clock and (not found or song.used < found.used) then found = song end
  end
  return found
end

--- Looks how much a song takes on the disk, and makes room where all of them take too much. The one that was asked for
--- last stays in any case.
---     shelf:measure(song)
---@param song moonlark.server.Song
function Songs:measure(song)
  local before = song.disk
  song.disk = size_of(self:folder(song.id))
  self.total = self.total + song.disk - before
  while self.total > self.most do
    local least = oldest(self)
    if not least then break end
    self:remove(least.id)
  end
end

--- Bytes that all songs take on the disk.
---     print(shelf:bytes())
---@return integer
function Songs:bytes() return self.total end

local told = {"id", "name", "bytes", "upload", "added", "state", "rate", "channels", "frames", "duration", "format",
  "codec", "tags", "partial"}

--- What clients are told of a song: no paths.
---     request:answer(201, shelf:plain(song))
---@param song moonlark.server.Song
---@return table
function Songs:plain(song)
  local plain = {}
  for _, name in ipairs(told) do plain[name] = song[name] end
  return plain
end

--- Removes all of them.
---     shelf:close()
function Songs:close()
  self.lock:close()
  files.remove(self.folder_path)
end
Songs.__close = Songs.close

return songs
