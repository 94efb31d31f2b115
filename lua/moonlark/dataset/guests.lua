--- Guests of recipes (feature/guest.lua) over the tracks of a dataset: what they make of each is kept between runs, by the
--- content of the sound, what the guest is, and all settings.
local background = require "moonlark.dataset.background"
local caches = require "moonlark.dataset.cache"
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local guests = {}

-- A setting as text has it.
local function word(value) return value == nil and "nil" or type(value) == "number" and ("%.17g"):format(value) or value end

-- What the cache knows results by, but for the sound.
local function key_of(guest, o)
  local parts = {guest.text}
  if guest.at_rate then parts[2] = ("rate %d\n"):format(o.rate) end
  for _, name in ipairs {"start", "duration", "pad", "channel", "partial"} do
    if o[name] ~= nil then parts[#parts + 1] = ("%s %s\n"):format(name, tostring(o[name])) end
  end
  return table.concat(parts) .. "pool " .. table.concat(o.pool or {}, " ") .. "\n"
end

-- The content of each track's file; nil for one that cannot be read, of which hearing it says why.
local function contents(tracks, o)
  local paths = {}
  for i, track in ipairs(tracks) do paths[i] = track.path end
  local job <close> = core.extract.inspect(paths, "content", o.workers or 0, -1, false)
  background.await(job)
  local hashes = {}
  for i, found in ipairs(core.extract.inspected(job)) do hashes[i] = found and found.hash or nil end
  return hashes
end

-- The key of each track.
local function keys_of(guest, tracks, o)
  local whole, hashes, keys = key_of(guest, o), contents(tracks, o), {}
  for i, track in ipairs(tracks) do
    keys[i] = hashes[i] and ("%s%s\n%s %s"):format(whole, hashes[i], word(track.start), word(track.duration))
  end
  return keys
end

-- As the cache holds it, and back.
local function packed(made, notes)
  if require "moonlark.torch".is_tensor(made) then return {data = made, rate = 0, start = 0, notes = notes} end
  return {data = made.data, rate = made.rate, start = made.start, notes = notes}
end
local function unpacked(entry, o) return o.pool and entry.data or entry end

-- What became of tracks that were heard before; the numbers of the others.
local function from_cache(cache, keys, guest, tracks, o, keep)
  local out, left = {results = {}, failures = {}, notes = {}, cached = 0, waited = 0}, {}
  for i in ipairs(tracks) do
    local entry = keys[i] and core.cache.read(cache, keys[i])
    if entry and entry.data:size(o.pool and 1 or 0) == guest.width then
      out.results[i], out.notes[i] = keep(i, unpacked(entry, o)), entry.notes
      out.cached = out.cached + 1
    else
      left[#left + 1] = i
    end
  end
  return out, left
end

-- Says once why results could not be kept.
local function write(cache, key, entry, state)
  local why = core.cache.write(cache, key, entry)
  if why and not state.said then
    io.stderr:write(show.format("some results could not be kept in the cache: %s\n", why))
    state.said = true
  end
end

-- What one guest makes of tracks. `keep` is called with each song's number and what was made of it, as soon as it is there;
-- what it returns is kept in the results.
local function hear(guest, tracks, o, keep)
  local folder = caches.usable(o.cache)
  if not folder then
    local heard = guest.hear(tracks, o, keep)
    heard.cached = 0
    return heard
  end
  local cache <close>, state = core.cache.open(folder), {}
  local keys = keys_of(guest, tracks, o)
  local out, left = from_cache(cache, keys, guest, tracks, o, keep)
  local songs = {}
  for k, i in ipairs(left) do songs[k] = tracks[i] end
  if #songs == 0 then return out end
  local heard = guest.hear(songs, o, function(k, made, notes)
    if keys[left[k]] then write(cache, keys[left[k]], packed(made, notes), state) end
    return keep(left[k], made)
  end)
  for k, i in ipairs(left) do
    out.results[i], out.failures[i], out.notes[i] = heard.results[k], heard.failures[k], heard.notes[k]
  end
  out.waited = heard.waited
  return out
end

-- The reading that a recipe asks for.
local function reading_of(recipe, o)
  return options.join(o, {rate = recipe.rate, start = recipe.start, duration = recipe.duration, pad = recipe.pad,
    channel = recipe.channel, partial = recipe.partial, pool = recipe.pool})
end

-- Each guest has made something of a song: none failed.
local function is_whole(list, count)
  for number = 1, count do
    if list[number] == nil then return false end
  end
  return true
end

--- What a recipe's guests make of tracks. `keep` is called with each song's number and the list of what they made of it, as
--- soon as it is whole; what it returns is kept in the results.
---@param recipe moonlark.Recipe
---@param tracks moonlark.Track[]
---@param o {workers: integer?, progress: boolean?, cache: string?}
---@param keep (fun(i: integer, made: any[]): any)?
---@return {results: table<integer, any>, failures: table<integer, string>, notes: table, cached: integer,
--- waited: number?}
function guests.hear(recipe, tracks, o, keep)
  local all, last = {results = {}, failures = {}, notes = {}, cached = #tracks}, #recipe.guests
  for number, guest in ipairs(recipe.guests) do
    local heard = hear(guest, tracks, reading_of(recipe, o), function(i, made)
      local list = all.results[i] or {}
      list[number] = made
      all.results[i] = list
      if number == last and keep and is_whole(list, last) then all.results[i] = keep(i, list) end
      return true
    end)
    all.cached, all.waited = math.min(all.cached, heard.cached), all.waited or heard.waited
    for i in ipairs(tracks) do
      all.failures[i], all.notes[i] = all.failures[i] or heard.failures[i], all.notes[i] or heard.notes[i]
    end
  end
  return all
end

return guests
