--- Tags: what a sound file says of the music in it.
local core = require "moonlark_core".audio

-- The genres that ID3 writes as numbers, from 0: those of the standard, and what Winamp added.
local genres = {}
for name in ([[Blues, Classic Rock, Country, Dance, Disco, Funk, Grunge, Hip-Hop, Jazz, Metal, New Age, Oldies, Other, Pop, R&B,
Rap, Reggae, Rock, Techno, Industrial, Alternative, Ska, Death Metal, Pranks, Soundtrack, Euro-Techno, Ambient, Trip-Hop,
Vocal, Jazz+Funk, Fusion, Trance, Classical, Instrumental, Acid, House, Game, Sound Clip, Gospel, Noise, Alternative Rock,
Bass, Soul, Punk, Space, Meditative, Instrumental Pop, Instrumental Rock, Ethnic, Gothic, Darkwave, Techno-Industrial,
Electronic, Pop-Folk, Eurodance, Dream, Southern Rock, Comedy, Cult, Gangsta, Top 40, Christian Rap, Pop/Funk, Jungle,
Native US, Cabaret, New Wave, Psychedelic, Rave, Showtunes, Trailer, Lo-Fi, Tribal, Acid Punk, Acid Jazz, Polka, Retro,
Musical, Rock & Roll, Hard Rock, Folk, Folk-Rock, National Folk, Swing, Fast Fusion, Bebop, Latin, Revival, Celtic,
Bluegrass, Avantgarde, Gothic Rock, Progressive Rock, Psychedelic Rock, Symphonic Rock, Slow Rock, Big Band, Chorus,
Easy Listening, Acoustic, Humour, Speech, Chanson, Opera, Chamber Music, Sonata, Symphony, Booty Bass, Primus, Porn Groove,
Satire, Slow Jam, Club, Tango, Samba, Folklore, Ballad, Power Ballad, Rhythmic Soul, Freestyle, Duet, Punk Rock, Drum Solo,
A Cappella, Euro-House, Dance Hall]] .. ","):gmatch "%s*([^,]+)," do
  genres[#genres + 1] = name
end

-- "17", "(17)" and "(17)Rock" are Rock; other words stay.
local function genre_of(words)
  local number, rest = words:match "^%((%d+)%)(.*)$"
  if not number then number, rest = words:match "^%d+$", "" end
  if not number then return words end
  return rest ~= "" and rest or genres[tonumber(number) + 1] or words
end

local tags = {}

--- The tags of texts as they stand in a file: numbers are numbers, and genres have names.
---@param found table<string, string>
---@return moonlark.audio.Tags found
function tags.read(found)
  found.genre = found.genre and genre_of(found.genre)
  found.year = math.tointeger(tonumber((found.date or ""):match "^%d%d%d%d"))
  for _, name in ipairs {"track", "disc"} do
    found[name] = math.tointeger(tonumber((found[name] or ""):match "^%s*(%d+)"))
  end
  return found
end

--- The tags of a sound file.
---@param path string
---@return moonlark.audio.Tags
function tags.of(path) return tags.read(core.tags(path)) end

return tags
