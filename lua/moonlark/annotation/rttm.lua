--- RTTM: who speaks or sings when (NIST, Rich Transcription 2009): a line a segment.
local show = require "moonlark.base.show"
local lines = require "moonlark.annotation.lines"

local rttm = {}

-- What lines may be of; only those of speakers become segments.
local types = {}
for word in ("SEGMENT NOSCORE NO_RT_METADATA LEXEME NON-LEX NON-SPEECH FILLER EDIT IP SU CB A/P SPEAKER SPKR-INFO")
  :gmatch "%S+" do types[word] = true end

local function field(word) return word and word ~= "<NA>" and word or nil end

local function item_of(line, cells, path)
  if #cells < 8 then lines.fail(path, line, "a line has nine or ten fields") end
  local start = lines.seconds(path, line, cells[4], "the start")
  local length = lines.seconds(path, line, cells[5], "the length")
  if length < 0 then lines.fail(path, line, "the length must not be negative") end
  local sure = field(cells[9])
  return {start = start, stop = start + length, label = field(cells[8]),
    confidence = sure and lines.seconds(path, line, sure, "the confidence")}
end

--- The segments of an RTTM file, an annotation of kind "segments" for each sound that it names, in order of the names'
--- first lines; the sound's name is the field `sound`.
---     local list = rttm.read(files.read "song.rttm", "song.rttm")
---@param text string
---@param path string  for errors
---@return table[]
function rttm.read(text, path)
  local list, of = {}, {}
  for _, line in ipairs(lines.each(text)) do
    local cells = {}
    for word in line.text:gmatch "%S+" do cells[#cells + 1] = word end
    if cells[1]:sub(1, 2) ~= ";;" then
      if not types[cells[1]] then lines.fail(path, line, "a line must begin with a type such as SPEAKER") end
      if cells[1] == "SPEAKER" then
        local item, sound = item_of(line, cells, path), cells[2]
        if not of[sound] then
          of[sound] = {kind = "segments", sound = sound}
          list[#list + 1] = of[sound]
        end
        table.insert(of[sound], item)
      end
    end
  end
  return list
end

local function word(text) return text and text:find "%S" and (text:gsub("%s+", "_")) or "<NA>" end

--- As lines of speakers; an event has no length. Blanks within a name become "_".
---     files.write("song.rttm", rttm.write(voice, "song"))
---@param a moonlark.Annotation
---@param sound string  its name
---@return string
function rttm.write(a, sound)
  local list = {}
  for i, item in ipairs(a) do
    local length, sure = (item.stop or item.start) - item.start, item.confidence
    list[i] = ("SPEAKER %s 1 %.6f %.6f <NA> <NA> %s %s <NA>\n"):format(word(sound), item.start, length,
      word(item.label), sure and ("%g"):format(sure) or "<NA>")
  end
  return table.concat(list)
end

return rttm
