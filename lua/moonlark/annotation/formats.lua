--- Formats: files of annotations, by the ending of their name.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local jams = require "moonlark.annotation.jams"
local lines = require "moonlark.annotation.lines"
local m3u8 = require "moonlark.annotation.m3u8"
local rttm = require "moonlark.annotation.rttm"
local score = require "moonlark.annotation.score"
local show = require "moonlark.base.show"
local textgrid = require "moonlark.annotation.textgrid"

local formats = {}

local columns = {"start", "stop", "label", "confidence", "position", "pitch", "velocity", "value"}

local function read_table(path)
  local made = {kind = "segments"}
  for i, row in ipairs((csv.read(path))) do
    local item = {}
    for _, name in ipairs(columns) do
      local cell = row[name]
      if cell and cell ~= "" then
        item[name] = name == "label" and cell or tonumber(cell)
        if item[name] == nil then show.fail("%s, line %d: %s must be a number, got '%s'", path, row[0], name, cell) end
      end
    end
    if not item.start then show.fail("%s, line %d: there must be a start in seconds", path, row[0]) end
    made[i] = item
  end
  return {made}
end

local function write_table(path, a)
  local used = {}
  for _, name in ipairs(columns) do
    for _, item in ipairs(a) do
      if item[name] ~= nil then
        used[#used + 1] = name
        break
      end
    end
  end
  csv.write(path, #used > 0 and used or {"start"}, table.move(a, 1, #a, 1, {}))
end

local function of_lines(read, write)
  return {
    read = function(path) return {read(files.read(path), path)} end,
    write = function(path, a) files.write(path, write(a)) end,
  }
end

local function several(read, write)
  return {
    read = function(path) return read(files.read(path), path) end,
    write = function(path, a) files.write(path, write(a, (files.stem(path)))) end,
  }
end

local by_ending = {
  [".jams"] = several(jams.read, function(a) return jams.write {a} end),
  [".lab"] = of_lines(lines.segments, lines.write_segments), [".txt"] = of_lines(lines.segments, lines.write_segments),
  [".beats"] = of_lines(lines.beats, lines.write_beats), [".csv"] = {read = read_table, write = write_table},
  [".textgrid"] = several(textgrid.read, textgrid.write), [".rttm"] = several(rttm.read, rttm.write),
  [".mid"] = several(score.read, score.write), [".midi"] = several(score.read, score.write),
  [".m3u8"] = of_lines(m3u8.read, m3u8.write),
}

--- The endings that are known, for errors.
formats.endings = ".jams, .lab, .beats, .csv, .txt, .TextGrid, .rttm, .mid, .midi or .m3u8"

--- How a file is read and written. Errors: another ending.
---     local format = formats.of "song.lab"
---@param path string
---@return {read: (fun(path: string): table[]), write: fun(path: string, a: moonlark.Annotation)}
function formats.of(path)
  local _, ending = files.stem(path)
  return by_ending[ending] or show.fail("%s must end in %s", path, formats.endings)
end

return formats
