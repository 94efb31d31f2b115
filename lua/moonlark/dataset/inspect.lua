--- Adds validate, measure, duplicates, hash and shard to datasets: what their files hold.
local background = require "moonlark.dataset.background"
local checks = require "moonlark.dataset.checks"
local class = require "moonlark.dataset.class"
local core = require "moonlark_core"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local text = require "moonlark.base.text"
local show = require "moonlark.base.show"

---@class moonlark.Dataset
local Dataset = class.Dataset

local workers = {workers = background.options.workers}
local of_validate = options.describe("Dataset:validate", {
  decode = options.boolean(true, "decodes every sample; false: trusts headers, and only hashes the bytes"),
}, reading.options, background.options)
local of_measure = options.describe("Dataset:measure", workers)
local of_shard = options.describe("Dataset:shard", background.options)
local of_hash = options.describe("Dataset:hash", workers)

-- Inspects the files of tracks and sets their seconds, rate, channels and hash; gives the reason why a track failed, by
-- track, and the notes of each. `o`: workers, channel, partial.
local function inspect(tracks, depth, label, o)
  local paths = {}
  for i, track in ipairs(tracks) do paths[i] = track.path end
  local job <close> = core.extract.inspect(paths, depth, o.workers, reading.channel(o.channel), o.partial == "keep")
  background.await(job, label)
  local outcome, found = job:outcome(), core.extract.inspected(job)
  local reasons = {}
  for i, track in ipairs(tracks) do
    if outcome[i] == true then
      if track.hash and found[i].hash and track.hash ~= found[i].hash then checks.changed(track) end
      for key, value in pairs(found[i]) do track[key] = value end
    else
      reasons[track] = background.reason(track.path, outcome[i])
    end
  end
  return reasons, job:notes()
end

--- Decodes every file once, in parallel, and sets aside those that cannot be read: they leave `tracks` and are
--- named in `rejected`. Each track then knows its `seconds`, `rate`, `channels` and `hash`.
---
--- Classes keep their ids, even one that lost all of its tracks (a warning says so). A file without the `channel` is
--- set aside, too. Files that partial = "keep" takes as far as they go are named in `partial`.
---     songs:validate {workers = 2}
---@param given moonlark.Dataset.validate.Options?
---@return moonlark.Dataset self
function Dataset:validate(given)
  local o = of_validate:read(given)
  local before = self:counts()
  local reasons, found = inspect(self.tracks, o.decode and "sound" or "content", o.progress and "validating" or nil, o)
  local named = {}
  for _, item in ipairs(self.partial) do named[item.path] = true end
  for _, item in ipairs((notes.take(found, self.tracks))) do
    if not named[item.path] then table.insert(self.partial, item) end
  end
  for _, track in ipairs(self.tracks) do
    if reasons[track] then table.insert(self.rejected, {path = track.path, reason = reasons[track]}) end
  end
  self.tracks = class.select_from(self.tracks, function(track) return not reasons[track] end)
  checks.lost_classes(before, self:counts())
  return self
end

--- Files that hold the same bytes, once validated: lists of paths, each of two or more.
---     for _, same in ipairs(songs:duplicates()) do print(table.concat(same, " = ")) end
---@return string[][]
function Dataset:duplicates()
  local by_hash, found = {}, {}
  for _, track in ipairs(self.tracks) do
    if track.hash and not track.start then
      local same = by_hash[track.hash] or {}
      by_hash[track.hash], same[#same + 1] = same, track.path
      if #same == 2 then found[#found + 1] = same end
    end
  end
  return found
end

-- Inspects those tracks that lack a field; a file that fails is an error.
local function complete(self, field, depth, o)
  local missing = class.select_from(self.tracks, function(track) return track[field] == nil end)
  if #missing == 0 then return end
  local reasons = inspect(missing, depth, nil, o)
  for _, track in ipairs(missing) do
    if reasons[track] then
      show.fail("%s: %s: call validate first, it sets bad files aside", track.path, reasons[track])
    end
  end
end

--- Makes sure that every track knows its `seconds`, from the files' headers where it was not validated. Errors: a file
--- that cannot be read.
---     print(songs:measure()[1].seconds)
---@param given moonlark.Dataset.measure.Options?
---@return moonlark.Dataset self
function Dataset:measure(given)
  complete(self, "seconds", "header", of_measure:read(given))
  return self
end

--- The i-th of n parts of a dataset, for n machines that each take one: every track lies in exactly one, by the content
--- of its file alone, so that it does not matter what else is there or what files are called. Files whose `hash` is not
--- known (from an index, or validate) are read; one that cannot be read lies in the first part.
---     local mine = songs:shard(1, 4)
---@param i integer  1 .. n
---@param n integer
---@param given moonlark.Dataset.shard.Options?
---@return moonlark.Dataset
function Dataset:shard(i, n, given)
  local o = of_shard:read(given)
  if math.type(i) ~= "integer" or math.type(n) ~= "integer" or i < 1 or i > n then
    show.fail("shard must be i of n with 1 <= i <= n, got %s of %s", tostring(i), tostring(n))
  end
  local unknown = class.select_from(self.tracks, function(track) return not track.hash end)
  if #unknown > 0 then inspect(unknown, "content", o.progress and "hashing" or nil, o) end
  local part = self:filter(function(track)
    return (track.hash and tonumber(track.hash:sub(1, 15), 16) or 0) % n + 1 == i
  end)
  part.classes = self.classes -- the class ids of the whole
  return part
end

--- One hash of all the data: the bytes of every file with its label, group and fold. It does not depend on where
--- the files lie, what they are called or in which order they are listed. Errors: a file that cannot be read.
---     print(songs:hash())
---@param given moonlark.Dataset.hash.Options?
---@return string  32 hexadecimal digits
function Dataset:hash(given)
  complete(self, "hash", "content", of_hash:read(given))
  local lines = {}
  for i, track in ipairs(self.tracks) do
    lines[i] = table.concat({track.hash, track.label or "", track.group or "", tostring(track.fold or ""),
      tostring(track.start or ""), tostring(track.duration or ""),
      table.unpack(track.labels or track.values or {})}, "\0")
  end
  return core.store.hash(table.concat(text.sort(lines), "\n"))
end
