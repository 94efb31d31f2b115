--- Own genres: what `moonlark library genres` does with its words.
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local own_genres = {}

-- How a song is called in a question.
local function name_of(song)
  local name = song.title and song.artist and ("%s - %s"):format(song.artist, song.title) or song.title
  return name and ("%s (%s)"):format(name, song.path) or song.path
end

local function say(own, args, yes)
  local genre = args.words[2]
  for i = 3, #args.words do own:say(args.words[i], genre, yes) end
  if args.json then return print(json.encode {genre = genre, yes = yes, songs = #args.words - 2}) end
  print(show.format("%d songs are %s%s", #args.words - 2, yes and "" or "not ", genre))
end

-- Questions at a terminal, or through a pipe: y, n, another genre's name, or nothing for the next.
local function converse(own, count)
  local said = 0
  print "y: yes, n: no, the name of another genre, or nothing to pass over; Ctrl-D ends"
  for _, song in ipairs(own:ask {count = count}) do
    io.write(show.format("%s\n  is it %s (%.0f %%)? ", name_of(song), song.own_genre, 100 * song.confidence))
    io.flush()
    local line = io.read "l"
    if not line then break end
    line = line:match "^%s*(.-)%s*$"
    local lower = line:lower()
    if lower == "y" or lower == "yes" then
      own:say(song.id, song.own_genre, true)
    elseif lower == "n" or lower == "no" then
      own:say(song.id, song.own_genre, false)
    elseif line ~= "" then
      own:say(song.id, line, true)
    end
    if line ~= "" then said = said + 1 end
  end
  print(("\n%d answers kept"):format(said))
end

local function overview(own, args)
  local counts, list = {}, json.array {}
  for i, name in ipairs(own:names()) do
    list[i] = {genre = name, examples = 0, songs = 0}
    counts[name] = list[i]
  end
  if #list >= 2 then
    for _, song in ipairs(own:suggest {limit = 1000000000}) do
      local one = counts[song.own_genre]
      one[song.said and "examples" or "songs"] = one[song.said and "examples" or "songs"] + 1
    end
  end
  if args.json then return print(json.encode({genres = list}, "  ")) end
  for _, one in ipairs(list) do
    print(show.format("%s: %d examples, %d songs more", one.genre, one.examples, one.songs))
  end
  if #list < 2 then
    print "there must be two genres with an example: moonlark library genres yes GENRE SONG..."
  end
end

--- The words behind `genres`, and what each does.
---@type table<string, fun(l: moonlark.Library, args: table, give: fun(songs: moonlark.library.Song[]))>
own_genres.actions = {
  yes = function(l, args) say(l:genres(), args, true) end,
  no = function(l, args) say(l:genres(), args, false) end,
  ask = function(l, args)
    local count = args.limit or 5
    if not args.json then return converse(l:genres(), count) end
    print(json.encode({questions = l:genres():ask {count = count}}, "  "))
  end,
  songs = function(l, args, give)
    give(l:genres():suggest {genre = args.words[2], least = args.least, limit = args.limit})
  end,
}

--- Runs what the words ask for; without words it says which genres there are. `give` prints songs or writes them to
--- files.
---     own_genres.run(l, args, parser, print)
---@param l moonlark.Library
---@param args table
---@param parser table
---@param give fun(songs: moonlark.library.Song[])
function own_genres.run(l, args, parser, give)
  local word = args.words[1]
  if not word then return overview(l:genres(), args) end
  local action = own_genres.actions[word]
  if not action then
    parser:error(("genres must be followed by yes, no, ask, songs or nothing, got '%s'"):format(word))
  end
  if (word == "yes" or word == "no") and #args.words < 3 then
    parser:error(("genres %s needs a genre and songs"):format(word))
  end
  if word == "songs" and #args.words ~= 2 then parser:error "genres songs needs one genre" end
  if word == "ask" and #args.words > 1 then parser:error "genres ask takes no name" end
  action(l, args, give)
end

return own_genres
