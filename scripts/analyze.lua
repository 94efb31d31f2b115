--- Says of songs what a listener would: tempo, key, chords, sections, loudness and more; and shows it on a page.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local options = require "moonlark.base.options"
local sounds = require "moonlark.shell.sounds"

local parser = command.parser("analyze", "Says of songs what a listener would: tempo, key, chords, sections, loudness and "
  .. "more; and shows it on a page.")
parser:epilog [[
  moonlark analyze song.mp3                              in words
  moonlark analyze song.mp3 --report song.html           a page with pictures and sound, to look at and to send
  moonlark analyze song.mp3 --json                       numbers, times in seconds
  moonlark analyze song.mp3 --jams song.jams             beats, chords, sections … for other programs
  moonlark analyze album/*.flac --json                   several songs: one JSON object a line

Files that cannot be read are named on standard error; then the exit code is 3, and 1 when none can be read.]]
parser:argument("songs", "Sound files, folders and lists of them."):args "+"
command.options(parser, options.described "music.analyze", {"parts", "model"})
command.json(parser)
parser:option("--jams", "Write the annotations of one song here."):argname "<file.jams>"
parser:option("--report", "Write the page of one song here."):argname "<file.html>"
local args = parser:parse()

local list, rejected = sounds.of(args.songs, "analyze")
for option, ending in pairs {jams = ".jams", report = ".html"} do
  local path = args[option]
  if path and #list > 1 then parser:error(("--%s is of one song, got %d"):format(option, #list)) end
  if path and select(2, files.stem(path)) ~= ending then
    parser:error(("--%s must be a file that ends in %s, got %s"):format(option, ending, path))
  end
end

local done = 0
for _, path in ipairs(list) do
  local fine, about = pcall(music.analyze, path, {parts = args.parts, model = args.model})
  if fine then
    done = done + 1
    if args.json then print(json.encode(about:plain(), #list == 1 and "  " or nil)) end
      if args.jams then about:save(args.jams) end
    if args.report then about:save(args.report) end
    if not (args.json or args.jams or args.report) then print(about) end
  else
    if #list == 1 then error(about, 0) end
    rejected[#rejected + 1] = {path = path, reason = about}
  end
end
command.name_files("rejected", rejected)
if #rejected > 0 then os.exit(done > 0 and 3 or 1, true) end
