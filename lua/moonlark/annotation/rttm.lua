--- RTTM of NIST: who speaks when, one stretch a line. And chapters as M3U8 has them.
local show = require "moonlark.base.show"

local rttm = {}

--- The stretches of a file; the speaker is the label. Errors: a line of another form, with its number.
---     local made = rttm.read("SPEAKER talk 1 0.5 2.0 <NA> <NA> anna <NA> <NA>\n", "talk.rttm")
---@param text string
---@param path string
---@return table
function rttm.read(text, path)
  local made, number = {kind = "speakers"}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\r?\n" do
    number = number + 1
    local words = {}
    for word in line:gmatch "%S+" do words[#words + 1] = word end
    if words[1] == "SPEAKER" then
      local start, length = tonumber(words[4]), tonumber(words[5])
      if not start or not length or length < 0 then
        show.fail("%s, line %d: SPEAKER must be followed by file, channel, start and duration, got '%s'", path, number,
          line:sub(1, 60))
      end
      made[#made + 1] = {start = start, stop = start + length, label = words[8] ~= "<NA>" and words[8] or nil,
        confidence = tonumber(words[9])}
    end
  end
  return made
end

--- An annotation as lines of RTTM; blanks in labels become _.
---     files.write("talk.rttm", rttm.write(voice, "talk"))
---@param a moonlark.Annotation
---@param name string  of the sound
---@return string
function rttm.write(a, name)
  local lines, stops = {}, a.stops
  for i, item in ipairs(a) do
    lines[i] = ("SPEAKER %s 1 %.3f %.3f <NA> <NA> %s %s <NA>\n"):format((name:gsub("%s", "_")), item.start,
      stops[i] - item.start, ((item.label or "<NA>"):gsub("%s", "_")), item.confidence and ("%.3f"):format(item.confidence)
      or "<NA>")
  end
  return table.concat(lines)
end

return rttm
