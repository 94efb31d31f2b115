--- Options tables: defaults filled in, unknown keys named together with the nearest known one.
---
---     local settings = options.read("kmeans", given, {n_clusters = 8, seed = 0, init = options.none})
---
--- Library errors carry no position: the prompt and the program add the user's own line.
local show = require "moonlark.base.show"

local options = {}

--- A default for keys that may stay nil.
options.none = setmetatable({}, {__tostring = function() return "nil" end})

--- A default for keys that must be given.
options.required = setmetatable({}, {__tostring = function() return "required" end})

-- Levenshtein distance, for "did you mean".
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

--- The candidate nearest to a misspelt word, or nil when none is near.
---@param word string
---@param candidates string[]
---@return string?
function options.nearest(word, candidates)
  local best, best_distance = nil, math.max(2, #word // 2)
  for _, candidate in ipairs(candidates) do
    local d = distance(word:lower(), candidate:lower())
    if d < best_distance or (d == best_distance and not best) then best, best_distance = candidate, d end
  end
  return best
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return keys
end

--- The error for a word that is none of the known ones: names the nearest, or lists them all.
---@param what string  for instance "option of kmeans"
---@param word any
---@param known string[]
function options.unknown(what, word, known)
  local near = type(word) == "string" and options.nearest(word, known)
  local hint = near and ("did you mean '%s'?"):format(near) or ("known: %s"):format(table.concat(known, ", "))
  show.fail("unknown %s: '%s' (%s)", what, tostring(word), hint)
end

--- A copy of `given` with defaults filled in; unknown keys and missing required ones are errors.
--- A default that is a number, string or boolean also fixes the type.
---@param owner string  the function the options belong to, for messages
---@param given table?
---@param defaults table<string, any>
---@return table
function options.read(owner, given, defaults)
  if given ~= nil and type(given) ~= "table" then
    show.fail("options of %s must be a table, got %s", owner, type(given))
  end
  local read = {}
  for key, default in pairs(defaults) do
    if default ~= options.none and default ~= options.required then read[key] = default end
  end
  for key, value in pairs(given or {}) do
    local default = defaults[key]
    if default == nil then options.unknown("option of " .. owner, key, sorted_keys(defaults)) end
    local wanted = type(default)
    if wanted ~= "table" and type(value) ~= wanted then
      show.fail("%s must be a %s, got %s", key, wanted, type(value))
    end
    read[key] = value
  end
  for key, default in pairs(defaults) do
    if default == options.required and read[key] == nil then
      show.fail("%s needs the option '%s'", owner, key)
    end
  end
  return read
end

return options
