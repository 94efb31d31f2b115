--- Keeps a library of songs that knows what they sound like: adds folders, searches, forgets.
local command = require "moonlark.shell.command"
local csv = require "moonlark.base.csv"
local export = require "moonlark.library.export"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"
local options = require "moonlark.base.options"
local own_genres = require "moonlark.shell.own_genres"
local place = require "moonlark.library.place"
local playlist = require "moonlark.library.playlist"
local show = require "moonlark.base.show"

local parser = command.parser("library", "Keeps a library of songs that knows what they sound like: adds folders, searches, "
  .. "forgets.")
parser:epilog [[
  moonlark library add ~/Music                       adds what is new or changed there, and hears it
  moonlark library add ~/Music --depth tags          reads tags only
  moonlark library search love --tempo 120-130       by words and by what was heard
  moonlark library search --key "A minor" --mood calm --m3u8 calm.m3u8
  moonlark library add ~/Music --watch               goes on with what changes there, until Ctrl-C
  moonlark library similar song.mp3                  what sounds most like a song
  moonlark library ask runs/genres                   a model about all songs; then search --label jazz
  moonlark library duplicates                        recordings that are there twice, in whatever encoding
  moonlark library genres yes "for cooking" a.mp3    an example of a genre of your own; no: it is none
  moonlark library genres ask                        asks what tells most
  moonlark library genres songs "for cooking" --m3u8 cooking.m3u8
  moonlark library export songs.csv                  all songs; .json with analyses, a folder for JAMS files
  moonlark library info                              what it holds
  moonlark library info song.mp3                     all that it knows of a song
  moonlark library forget --vanished                 songs whose files are gone
  moonlark library forget ~/Music/old                what was added there

The library is $MOONLARK_LIBRARY, else moonlark/library.db in $XDG_DATA_HOME, else in ~/.local/share. An add that is
stopped, even by kill -9, goes on where it was when it is called again. Files are never changed.
Exit code: 0, 1 when something failed, 2 for wrong usage, 3 when some files could not be read.]]
parser:argument("action", "What to do.")
  :choices {"add", "ask", "search", "similar", "duplicates", "genres", "export", "info", "forget"}
parser:argument("words", "With add and forget folders or files, with ask models, with search words, with similar "
  .. "and info a song, with genres what is said there, with export a file or folder."):argname "<words|path>":args "*"
parser:option("--library", "Another library than the user's."):argname "<file.db>"
local adding, searching = options.described "Library:add", options.described "Library:search"
command.options(parser, adding, {"depth", "parts", "workers"})
parser:flag("--watch", "With add: goes on with what changes in the folder, until Ctrl-C.")
command.options(parser, options.described "Library:watch", {"settle", "every"})
command.options(parser, options.described "Library:ask", {"device", "offline"})
command.options(parser, options.described "Library:similar", {"model"})
command.options(parser, searching, {"tempo", "key", "mood", "genre", "label", "artist", "album", "year", "duration", "energy",
  "valence", "danceability", "loudness", "vanished", "descending", "offset"})
command.option(parser, "sort", searching.by_name.sort):argname "<what>"
command.option(parser, "limit", searching.by_name.limit, {default = false, usual = "100 of search, 10 of similar, "
  .. "5 questions"})
command.option(parser, "least", options.described "OwnGenres:suggest".by_name.least)
command.json(parser)
parser:option("--csv", "With search: write a table with a line for each song here."):argname "<file.csv>"
parser:option("--m3u8", "With search: write a playlist here."):argname "<file.m3u8>"
local args = parser:parse()

local counted = {add = {1, args.watch and 1 or math.huge}, ask = {1, math.huge}, search = {0, math.huge}, similar = {1, 1},
  duplicates = {0, 0}, genres = {0, math.huge}, export = {1, 1}, info = {0, 1}, forget = {0, math.huge}}
local needed = {add = "a folder or a file", ask = "a model", similar = "a song", export = "a file or a folder"}
local least, most = table.unpack(counted[args.action])
if #args.words < least then parser:error(("%s needs %s"):format(args.action, needed[args.action])) end
if #args.words > most then parser:error(("%s takes no more than %d name"):format(args.action, most)) end
for option, ending in pairs {csv = ".csv", m3u8 = ".m3u8"} do
  local path = args[option]
  if path and not (args.action == "search" or args.action == "similar" or args.action == "genres") then
    parser:error(("--%s is of search, similar and genres"):format(option))
  end
  if path and select(2, files.stem(path)) ~= ending then
    parser:error(("--%s must be a file that ends in %s, got %s"):format(option, ending, path))
  end
end

if args.action == "forget" and not args.vanished and #args.words == 0 then
  parser:error "forget needs a folder, a song or --vanished"
end
local at = args.library or place.usual()
if args.action ~= "add" and not files.exists(at) then
  show.fail("there is no library at %s: moonlark library add FOLDER makes it", at)
end
local l <close> = library.open(at)

local function clock(seconds)
  local whole = math.floor((seconds or 0) + 0.5)
  return seconds and ("%d:%02d"):format(whole // 60, whole % 60) or "-"
end

-- Rows as columns, each as wide as its widest cell.
local function print_table(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      row[i] = show.name(tostring(cell))
      widths[i] = math.max(widths[i] or 0, utf8.len(row[i]) or #row[i])
    end
  end
  for _, row in ipairs(rows) do
    for i = 1, #row - 1 do row[i] = row[i] .. (" "):rep(widths[i] - (utf8.len(row[i]) or #row[i])) end
    print(table.concat(row, "  "))
  end
end

local function print_songs(list)
  local rows = {{"title", "artist", "length", "tempo", "key", "mood", "genre", "file"}}
  if list[1] and list[1].similarity then table.insert(rows[1], 1, "alike") end
  for i, song in ipairs(list) do
    rows[i + 1] = {song.title or song.path and files.stem(song.path) or "-", song.artist or "-", clock(song.duration),
      song.tempo and ("%.1f"):format(song.tempo) or "-", song.key or "-", song.mood or "-",
      song.genre or song.style or "-", song.path or "gone"}
    if song.similarity then table.insert(rows[i + 1], 1, ("%.3f"):format(song.similarity)) end
  end
  if #list > 0 then print_table(rows) end
end

-- Songs where they are asked for: files of them, JSON, or a table.
local function give_songs(list, columns, plain)
  if args.csv then csv.write(args.csv, columns, list) end
  if args.m3u8 then playlist.write(args.m3u8, list) end
  if args.json then
    print(json.encode(plain, "  "))
  elseif not (args.csv or args.m3u8) then
    print_songs(list)
    return true
  end
end

local actions = {}

local function tell(path, seen)
  if args.json then return end
  print(show.format("%s: %d files: %d new songs, %d changed, %d moved, %d vanished, %d as before; %d songs heard",
    path, seen.seen, seen.added, seen.changed, seen.moved, seen.vanished, seen.unchanged, seen.heard))
  command.name_files("rejected", seen.rejected)
end

-- Tells of each look, on a line of its own; it ends with Ctrl-C.
local function watch(path, asked)
  asked.settle, asked.every = args.settle, args.every
  for seen in l:watch(path, asked) do
    tell(path, seen)
    json.array(seen.rejected)
    if args.json then print(json.encode(seen)) end
    io.stdout:flush()
  end
end

function actions.add()
  local asked, all = {depth = args.depth, parts = args.parts, workers = args.workers}, {}
  if args.watch then return watch(args.words[1], asked) end
  for i, path in ipairs(args.words) do
    all[i] = l:add(path, asked)
    tell(path, all[i])
    json.array(all[i].rejected)
  end
  if args.json then print(json.encode(#all == 1 and all[1] or json.array(all), "  ")) end
  for _, seen in ipairs(all) do
    if #seen.rejected > 0 then os.exit(3, true) end
  end
end

function actions.ask()
  local asked = {}
  for _, name in ipairs(args.words) do
    local seen = l:ask(name, {workers = args.workers, device = args.device, offline = args.offline})
    asked[name] = {asked = seen.asked, rejected = json.array(seen.rejected)}
    if not args.json then
      print(show.format("%s: %d new answers", name, seen.asked))
      command.name_files("rejected", seen.rejected)
    end
  end
  if args.json then print(json.encode(asked, "  ")) end
end

function actions.search()
  local asked = {words = #args.words > 0 and table.concat(args.words, " ") or nil}
  for _, name in ipairs(searching.names) do
    if name ~= "words" then asked[name] = args[name] end
  end
  local list = l:search(asked)
  if give_songs(list, export.columns, {total = list.total, songs = list}) then
    if list.total > #list then print(("%d of %d songs; --limit shows more"):format(#list, list.total)) end
    if list.total == 0 then print "no song is like that" end
  end
end

function actions.similar()
  local list = l:similar(args.words[1], {limit = args.limit, model = args.model})
  local columns = table.move(export.columns, 1, #export.columns, 2, {"similarity"})
  if give_songs(list, columns, {songs = list}) and #list == 0 then print "the library has no other song that was heard" end
end

local function megabytes(bytes) return ("%.1f MB"):format(bytes / 1e6) end

function actions.duplicates()
  local groups = json.array(l:duplicates())
  if args.json then return print(json.encode({groups = groups}, "  ")) end
  local rows = {{"length", "rate", "format", "size", "file"}}
  for i, group in ipairs(groups) do
    if i > 1 then rows[#rows + 1] = {"", "", "", "", ""} end
    for _, song in ipairs(group) do
      for _, path in ipairs(song.paths) do
        rows[#rows + 1] = {clock(song.duration), tostring(song.rate), song.codec or song.format or "-", megabytes(song.bytes),
          path}
      end
    end
  end
  if #groups > 0 then print_table(rows) end
  print(#groups == 1 and "1 recording is there more than once" or #groups .. " recordings are there more than once")
end

function actions.genres()
  own_genres.run(l, args, parser, function(list)
    local columns = table.move(export.columns, 1, #export.columns, 4, {"own_genre", "confidence", "said"})
    local as_table = give_songs(list, columns, {total = list.total, songs = list})
    if as_table and #list == 0 then print "no song is of this genre" end
  end)
end

function actions.export()
  local path = args.words[1]
  local written = l:export(path)
  if args.json then return print(json.encode {songs = written, path = path}) end
  print(show.format("%s: %d songs", path, written))
end

function actions.info()
  local about = args.words[1]
  if about then
    local song = l:song(about) or l:song(require "moonlark.dataset.scan".absolute(about))
      or show.fail("the library has no song '%s'", about)
    song.tags, song.analysis, song.predictions = l:tags(song.id), l:analysis(song.id), l:predictions(song.id)
    return print(json.encode(song, "  "))
  end
  local info = l:info()
  if args.json then return print(json.encode(info, "  ")) end
  print(show.format("%s: %d songs (%.1f h) in %d files; %d heard, %d vanished, %d at fault", info.path, info.songs,
    info.seconds / 3600, info.files, info.heard, info.vanished, info.faults))
  for _, path in ipairs(info.folders) do print(show.format("folder    %s", path)) end
  for _, maker in ipairs(info.makers) do
    print(show.format("%-9s %s, version %s: %d songs", maker.kind, maker.name, maker.version, maker.songs))
  end
end

function actions.forget()
  local forgotten = 0
  if args.vanished then forgotten = l:forget {vanished = true} end
  for _, path in ipairs(args.words) do
    local song = l:song(path) or files.kind(path) == "file" and path
    forgotten = forgotten + l:forget(song and {song = path} or {folder = path})
  end
  if args.json then return print(json.encode {forgotten = forgotten}) end
  print(("%d songs forgotten; no file was touched"):format(forgotten))
end

actions[args.action]()
