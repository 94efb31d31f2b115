--- Adds validate, measure, duplicates, hash and shard to datasets: what their files hold.
local background = require "moonlark.dataset.background"
local class = require "moonlark.dataset.class"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local text = require "moonlark.base.text"
local show = require "moonlark.base.show"

local Dataset = class.Dataset

-- Inspects the files of tracks; sets seconds, rate, channels and hash; gives the reason of each that failed, and the
-- notes of each. `read` may have channel and partial.
local function inspect(tracks, depth, workers, label, read)
  read = read or {}
  local core = require "moonlark_core"
  local paths = {}
  for i, track in ipairs(tracks) do paths[i] = track.path end
  local job <close> = core.extract.inspect(paths, depth, workers, reading.channel(read.channel),
    reading.keeps_partial(read.partial))
  background.await(job, label)
  local outcome, found = job:outcome(), core.extract.inspected(job)
  local reasons = {}
  for i, track in ipairs(tracks) do
    if outcome[i] == true then
      for key, value in pairs(found[i]) do track[key] = value end
    else
      reasons[track] = background.reason(track.path, outcome[i])
    end
  end
  return reasons, job:notes()
end

-- Adds the files of a list to another that does not name them yet.
local function add_new(list, more)
  local named = {}
  for _, item in ipairs(list) do named[item.path] = true end
  for _, item in ipairs(more) do
    if not named[item.path] then list[#list + 1] = item end
  end
end

--- Decodes every file once, in parallel, and sets aside those that cannot be read: they leave `tracks` and are
--- named in `rejected`. Each track then knows its `seconds`, `rate`, `channels` and `hash`.
---
--- Classes keep their ids, even one that lost all of its tracks.
---@param given {workers?: integer, decode?: boolean, progress?: boolean, channel?: "mix"|"left"|"right"|integer, partial?: "refuse"|"keep"}?
--- workers: threads, default one for each core; decode: false trusts headers and only hashes the bytes;
--- progress: false draws no bar; channel: that files must have, default "mix", any; partial: "keep" takes files that
--- are damaged or end before their headers say as far as they go, and names them in `partial`; default "refuse"
---@return moonlark.Dataset self
function Dataset:validate(given)
  local read = options.read("validate", given, {
    workers = 0, decode = true, progress = true, channel = reading.defaults.channel, partial = reading.defaults.partial,
  })
  local reasons, found = inspect(self.tracks, read.decode and "sound" or "content", read.workers,
    read.progress and "validating" or nil, read)
  add_new(self.partial, (notes.take(found, self.tracks)))
  local good = {}
  for _, track in ipairs(self.tracks) do
    if reasons[track] then
      table.insert(self.rejected, {path = track.path, reason = reasons[track]})
    else
      good[#good + 1] = track
    end
  end
  self.tracks = good
  return self
end

--- Files that hold the same bytes, once validated: lists of paths, each of two or more.
---@return string[][]
function Dataset:duplicates()
  local by_hash, found = {}, {}
  for _, track in ipairs(self.tracks) do
    if track.hash and not track.start then
      local same = by_hash[track.hash]
      if same then
        if #same == 1 then found[#found + 1] = same end
        same[#same + 1] = track.path
      else
        by_hash[track.hash] = {track.path}
      end
    end
  end
  return found
end

-- Inspects those tracks that lack a field; a file that fails is an error.
local function complete(self, field, depth, workers)
  local missing = {}
  for _, track in ipairs(self.tracks) do
    if track[field] == nil then missing[#missing + 1] = track end
  end
  if #missing == 0 then return end
  local reasons = inspect(missing, depth, workers)
  for _, track in ipairs(missing) do
    if reasons[track] then
      show.fail("%s: %s: call validate first, it sets bad files aside", track.path, reasons[track])
    end
  end
end

--- Makes sure that every track knows its `seconds`, from the files' headers where it was not validated.
---@param given {workers?: integer}?
---@return moonlark.Dataset self
function Dataset:measure(given)
  local read = options.read("measure", given, {workers = 0})
  complete(self, "seconds", "header", read.workers)
  return self
end

--- The i-th of n parts of a dataset, for n machines that each take one: every track lies in exactly one, by the content
--- of its file alone, so that it does not matter what else is there or what files are called. Files whose `hash` is not
--- known (from an index, or validate) are read; one that cannot be read lies in the first part.
---@param i integer  1 .. n
---@param n integer
---@param given {workers?: integer, progress?: boolean}?
---@return moonlark.Dataset
function Dataset:shard(i, n, given)
  local read = options.read("shard", given, {workers = 0, progress = true})
  if math.type(i) ~= "integer" or math.type(n) ~= "integer" or i < 1 or i > n then
    show.fail("shard must be i of n with 1 <= i <= n, got %s of %s", tostring(i), tostring(n))
  end
  local unknown = {}
  for _, track in ipairs(self.tracks) do
    if not track.hash then unknown[#unknown + 1] = track end
  end
  if #unknown > 0 then inspect(unknown, "content", read.workers, read.progress and "hashing" or nil) end
  local classes = self.classes
  local part = self:filter(function(track)
    local number = track.hash and tonumber(track.hash:sub(1, 15), 16) or 0
    return number % n + 1 == i
  end)
  part.classes = classes -- the class ids of the whole
  return part
end

--- One hash of all the data: the bytes of every file with its label, group and fold. It does not depend on where
--- the files lie, what they are called or in which order they are listed.
---@param given {workers?: integer}?
---@return string  32 hexadecimal digits
function Dataset:hash(given)
  local read = options.read("hash", given, {workers = 0})
  complete(self, "hash", "content", read.workers)
  local lines = {}
  for i, track in ipairs(self.tracks) do
    lines[i] = table.concat({track.hash, track.label or "", track.group or "", tostring(track.fold or ""),
      tostring(track.start or ""), tostring(track.duration or "")}, "\0")
  end
  return require "moonlark_core".store.hash(table.concat(text.sort(lines), "\n"))
end
