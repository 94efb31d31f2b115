--- Says of songs what a listener would: tempo, key, chords, sections, loudness and more; and shows it on a page.
local command = require "moonlark.shell.command"
local collection = require "moonlark.music.analysis.collection"
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local options = require "moonlark.base.options"
local overview = require "moonlark.music.analysis.page.overview"
local row = require "moonlark.music.analysis.row"
local sounds = require "moonlark.shell.sounds"

local parser = command.parser("analyze", "Says of songs what a listener would: tempo, key, chords, sections, loudness and "
  .. "more; and shows it on a page.")
parser:epilog [[
  moonlark analyze song.mp3                              in words
  moonlark analyze song.mp3 --report song.html           a page with pictures and sound, to look at and to send
  moonlark analyze song.mp3 --json                       numbers, times in seconds
  moonlark analyze song.mp3 --jams song.jams             beats, chords, sections … for other programs
  moonlark analyze songs --csv songs.csv                 a folder as a table, a line a song
  moonlark analyze songs --report songs.html             its overview: distributions, outliers, duplicates, faults
  moonlark analyze songs --csv part1.csv --shard 1/4     a quarter of it, for one of four machines

What was heard of several songs is kept in the cache, and not computed again. Files that cannot be read are named on
standard error; then the exit code is 3, and 1 when none can be read.]]
parser:argument("songs", "Sound files, folders and lists of them."):args "+"
command.options(parser, options.described "music.analyze", {"parts", "model"})
command.json(parser)
parser:option("--jams", "Write the annotations of one song here."):argname "<file.jams>"
parser:option("--report", "Write the page of a song, or the overview of several, here."):argname "<file.html>"
parser:option("--csv", "Write a table with a line for each song here."):argname "<file.csv>"
parser:option("--cache", "A folder that keeps results; default: the user's."):argname "<folder>"
parser:option("--shard", "Take part i of n of the songs."):argname "<i/n>":convert(function(text)
  local i, n = text:match "^(%d+)/(%d+)$"
  i, n = math.tointeger(i), math.tointeger(n)
  if i and i >= 1 and i <= n then return {i = i, n = n} end
  return nil, ("must be i/n with 1 <= i <= n, got '%s'"):format(text)
end)
local args = parser:parse()

local list, rejected = sounds.of(args.songs, "analyze")
for option, ending in pairs {jams = ".jams", report = ".html", csv = ".csv"} do
  local path = args[option]
  if path and select(2, files.stem(path)) ~= ending then
    parser:error(("--%s must be a file that ends in %s, got %s"):format(option, ending, path))
  end
  if path then files.check_folder((files.split(path)), option) end
end

local function one_song(path)
  local about = music.analyze(path, {parts = args.parts, model = args.model})
  if args.json then print(json.encode(about:plain(), "  ")) end
  if args.jams then about:save(args.jams) end
  if args.report then about:save(args.report) end
  if args.csv then csv.write(args.csv, row.columns, {row.of(about:plain())}) end
  if not (args.json or args.jams or args.report or args.csv) then print(about) end
end

local function many_songs()
  if args.jams then parser:error(("--jams is of one song, got %d"):format(#list)) end
  local plains, rows = {}, {}
  local o = {parts = args.parts, model = args.model, cache = args.cache or true, shard = args.shard}
  local bad, cached = collection.run(list, o, function(_, plain)
    plains[#plains + 1], rows[#rows + 1] = plain, row.of(plain)
    if args.json then print(json.encode(plain)) end
    if not (args.json or args.report or args.csv) then print(row.words(plain)) end
    io.stdout:flush()
  end)
  table.move(bad, 1, #bad, #rejected + 1, rejected)
  if args.csv then csv.write(args.csv, row.columns, rows) end
  if args.report then files.write(args.report, overview.of(plains, rejected, select(2, files.split((args.songs[1]:gsub("/+$", "")))))) end
  if args.csv or args.report then
    io.stderr:write(("%d songs analysed, %d of them before\n"):format(#plains, cached))
  end
  return #plains
end

local done = 1
if #list == 1 and not args.shard and files.kind(args.songs[1]) == "file" then
  one_song(list[1])
else
  done = many_songs()
end
command.name_files("rejected", rejected)
if #rejected > 0 then os.exit(done > 0 and 3 or 1, true) end
