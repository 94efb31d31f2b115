--- Keys beside the truth, as mir_eval.key (0.8) has it.
local annotation = require "moonlark.annotation"
local show = require "moonlark.base.show"

local key = {}

local classes = {C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11}

-- Pitch class and mode of a key: an Annotation, {tonic, mode}, or a text such as "A minor" or "A:minor"; nil for none.
local function read(name, value)
  if annotation.is(value) and not value.tonic then value = value.labels[1] end
  if value == nil then return nil end
  local words = type(value) == "table" and value.tonic and (value.tonic .. " " .. value.mode) or value
  if type(words) ~= "string" then show.fail("%s must be a key such as A minor, got %s", name, type(words)) end
  if words == "X" or words:lower():find "^none" then return nil end
  local letter, signs, mode = words:match "^%s*(%a)([b#]*)[%s:]+(%a+)%s*$"
  local class = letter and classes[letter:upper()]
  if not class then show.fail("%s must be a key such as A minor, got '%s'", name, words) end
  local _, sharps = signs:gsub("#", "")
  local _, flats = signs:gsub("b", "")
  return (class + sharps - flats) % 12, mode:lower()
end

--- How right a key is: 1 for the same, 0.5 for the same mode a fifth above the truth, 0.3 for the relative, 0.2 for the
--- parallel key, else 0 (MIREX).
---     print(metrics.key.weighted("A minor", music.key "song.mp3"))
---@param reference moonlark.Annotation|string  "A minor", or what music.key returns
---@param estimate moonlark.Annotation|string
---@return number
function key.weighted(reference, estimate)
  local tonic, mode = read("reference", reference)
  local guess, guessed = read("estimate", estimate)
  if tonic == guess and mode == guessed then return 1 end
  if not tonic or not guess then return 0 end
  local over = (guess - tonic) % 12
  if mode == guessed then return over == 7 and 0.5 or 0 end
  if mode == "major" and over == 9 or mode == "minor" and over == 3 then return 0.3 end
  return over == 0 and 0.2 or 0
end

--- All figures of a song, by mir_eval's names.
---     print(metrics.key.evaluate("A minor", music.key "song.mp3")["Weighted Score"])
---@param reference moonlark.Annotation|string
---@param estimate moonlark.Annotation|string
---@return table<string, number>
function key.evaluate(reference, estimate) return {["Weighted Score"] = key.weighted(reference, estimate)} end

return key
