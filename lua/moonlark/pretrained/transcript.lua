--- Transcript: what was said in a song, and when: text, segments, subtitles.
local show = require "moonlark.base.show"

local transcript = {}

---@class moonlark.Transcript
---@field path string?  the file
---@field text string
---@field language string  its code: "en"
---@field language_probability number?  where the language was not told
---@field duration number  seconds of sound
---@field segments moonlark.Transcript.Segment[]
local Transcript = {}
Transcript.__index = Transcript
Transcript.__name = "moonlark.Transcript"

---@class moonlark.Transcript.Segment
---@field start number  seconds
---@field end number  seconds; in Lua segment["end"]
---@field text string
---@field tokens integer[]
---@field avg_logprob number  mean log probability of the window's tokens
---@field no_speech_prob number  of the window
---@field compression_ratio number  of the window's text: high where it repeats itself
---@field temperature number  with which it was written

--- Makes a Transcript of its fields.
---@param fields table
---@return moonlark.Transcript
function transcript.new(fields) return setmetatable(fields, Transcript) end

function Transcript:__tostring() return show.lines(self.text) end

-- "00:01:02,345"; without hours where they are none and may be left out.
local function clock(seconds, mark, with_hours)
  local ms = math.floor(seconds * 1000 + 0.5)
  local hours = ms // 3600000
  local rest = ("%02d:%02d%s%03d"):format(ms // 60000 % 60, ms // 1000 % 60, mark, ms % 1000)
  return (hours > 0 or with_hours) and ("%02d:%s"):format(hours, rest) or rest
end

-- Text that ends no cue: an arrow would begin the next one's times, an empty line end it.
local function cue(text) return (text:gsub("%-%->", "->"):gsub("\n%s*\n", "\n")) end

--- A segment's times and text on one line: "[00:00.000 --> 00:04.520]  Mrs. Allen said …".
---     print(transcript.line(segment))
---@param segment moonlark.Transcript.Segment
---@return string
function transcript.line(segment)
  return ("[%s --> %s]  %s"):format(clock(segment.start, "."), clock(segment["end"], "."), show.name(segment.text))
end

--- The segments as SubRip subtitles, the text of an .srt file.
---     files.write("talk.srt", said:srt())
---@return string
function Transcript:srt()
  local parts = {}
  for i, one in ipairs(self.segments) do
    parts[i] = ("%d\n%s --> %s\n%s\n"):format(i, clock(one.start, ",", true), clock(one["end"], ",", true), cue(one.text))
  end
  return table.concat(parts, "\n")
end

--- The segments as WebVTT subtitles, the text of a .vtt file.
---     files.write("talk.vtt", said:vtt())
---@return string
function Transcript:vtt()
  local parts = {"WEBVTT\n"}
  for i, one in ipairs(self.segments) do
    local text = cue(one.text):gsub("[&<]", {["&"] = "&amp;", ["<"] = "&lt;"})
    parts[i + 1] = ("%s --> %s\n%s\n"):format(clock(one.start, "."), clock(one["end"], "."), text)
  end
  return table.concat(parts, "\n")
end

return transcript
