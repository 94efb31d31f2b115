--- Library: what is asked of a library and takes computing: which songs are alike, the same, or of which genre.
local library = require "moonlark.library"

local opened = {} -- path -> library, whose vectors stay in memory for the next question

local questions = {}

function questions.similar(l, o) return {songs = l:similar(o.song, {limit = math.tointeger(o.limit)})} end

function questions.duplicates(l) return {groups = l:duplicates()} end

function questions.suggestions(l, o)
  local songs = l:genres():suggest {genre = o.genre, least = o.least, limit = math.tointeger(o.limit)}
  return {songs = songs, total = songs.total}
end

function questions.questions(l, o) return {songs = l:genres():ask {count = math.tointeger(o.count)}} end

---@param options table  library: its path; ask: a name of the questions above; what that needs
---@return table
return function(options)
  local path = options.library
  opened[path] = opened[path] or library.open(path)
  return questions[options.ask](opened[path], options)
end
