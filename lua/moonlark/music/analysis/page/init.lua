--- Page: an analysis as one page of HTML, which opens anywhere, loads nothing, and plays the song.
local audio = require "moonlark.audio"
local base64 = require "moonlark.base.base64"
local curves = require "moonlark.music.analysis.page.curves"
local html = require "moonlark.base.html"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local json = require "moonlark.base.json"
local script = require "moonlark.music.analysis.page.script"
local style = require "moonlark.music.analysis.page.style"
local summary = require "moonlark.music.analysis.summary"

local escape = html.escape

local page = {}

--- The curves that a page needs, to be made in the pass that decodes the song.
page.curves = curves.names

local types = {[".mp3"] = "audio/mpeg", [".ogg"] = "audio/ogg", [".opus"] = "audio/ogg", [".flac"] = "audio/flac",
  [".m4a"] = "audio/mp4", [".wav"] = "audio/wav"}
local most_bytes = 12 << 20 -- a page of this size still opens at once

-- The sound as a data: address; nil where it is too long for a page. A file that browsers play goes in as it is, anything
-- else as Ogg Vorbis.
local function sound_of(about)
  local path = about.path
  local _, ending = files.stem(path or "")
  if path and types[ending] and files.kind(path) == "file" then
    local bytes = files.read(path)
    if #bytes <= most_bytes then return "data:" .. types[ending] .. ";base64," .. base64.encode(bytes) end
  end
  if about.duration > 20 * 60 then return nil end
  local folder = files.temporary_folder()
  local _ <close> = finally(function() files.remove(folder) end)
  local made = files.join(folder, "sound.ogg")
  audio.save(made, about.heard:waveform(), {quality = 0.4})
  return "data:audio/ogg;base64," .. base64.encode(files.read(made))
end

local function rounded(x) return math.floor(x * 1000 + 0.5) / 1000 end

local function segments(a)
  if not a or #a == 0 then return nil end
  local list, stops = json.array {}, a.stops
  for i, item in ipairs(a) do list[i] = {rounded(item.start), rounded(stops[i]), item.label or ""} end
  return list
end

local function beats(a)
  if not a or #a == 0 then return nil end
  local list = json.array {}
  for i, item in ipairs(a) do list[i] = {rounded(item.start), item.position or 0} end
  return list
end

local most_points = 2000

-- A curve's values, every n-th where there are many; what is not finite is a gap.
local function points(s)
  if not s or s:frames() == 0 then return nil end
  local step = math.max(1, s:frames() // most_points)
  local list, values = json.array {}, s.data:flatten():totable()
  for i = 1, #values, step do
    local x = values[i]
    list[#list + 1] = x == x and math.abs(x) < 1e30 and rounded(x) or json.null
  end
  return {start = rounded(s.start), rate = s.rate / step, values = list}
end

local most_similar = 400 -- rows and columns of the picture

local function similarity(about)
  local found = about.sections and about.sections.similarity
  if not found then return nil end
  local n = math.min(most_similar, found:frames())
  return curves.image(found.data:unsqueeze(0):adaptive_avg_pool2d({n, n}):squeeze(0), 0, 1)
end

-- What the script draws.
local function drawn(about)
  local h = about.heard
  return {
    duration = about.duration, beats = beats(about.beats), sections = segments(about.sections),
    chords = segments(about.chords), key = segments(about.key), voice = segments(about.voice),
    envelope = curves.envelope(h), mel = curves.mel(h), chroma = about.chords and curves.chroma(h) or nil,
    similarity = similarity(about), loudness = about.loudness and points(about.loudness.short_term),
    tempo = about.tempo and points(about.tempo.curve),
  }
end

local function cards(about)
  local parts = {}
  for _, line in ipairs(summary.lines(about)) do
    parts[#parts + 1] = ('<div class="card"><b>%s</b><span>%s</span></div>'):format(escape(line[1]), escape(line[2]))
  end
  return table.concat(parts, "\n")
end

-- Shares as bars, the largest first.
local function bars(title, scores)
  local list, parts = {}, {}
  for name, share in pairs(scores) do list[#list + 1] = {name = name, share = share} end
  table.sort(list, function(a, b)
    if a.share ~= b.share then return a.share > b.share end
    return a.name < b.name
  end)
  for i = 1, math.min(10, #list) do
    local one = list[i]
    parts[i] = ('<div class="bar"><span>%s</span><i style="width:%.1f%%"></i><span>%.0f %%</span></div>'):format(
      escape(one.name), 100 * one.share, 100 * one.share)
  end
  return ("<h2>%s</h2>\n%s"):format(title, table.concat(parts, "\n"))
end

-- Genres that a rule speaks for, or against.
local function spoken_for(rule, sign)
  local names = {}
  for name, weight in pairs(rule.speaks) do if weight * sign > 0 then names[#names + 1] = name end end
  table.sort(names)
  return table.concat(names, ", ")
end

-- The rules of genre that spoke, as a list.
local function rules(list)
  local parts = {}
  for i, rule in ipairs(list) do
    local words = {("%s (%.0f %%)"):format(rule.says, 100 * rule.truth)}
    local pro, contra = spoken_for(rule, 1), spoken_for(rule, -1)
    if pro ~= "" then words[#words + 1] = "for " .. pro end
    if contra ~= "" then words[#words + 1] = "against " .. contra end
    parts[i] = "<li>" .. escape(table.concat(words, "; ")) .. "</li>"
  end
  return '<ul class="rules">\n' .. table.concat(parts, "\n") .. "\n</ul>"
end

local function below(about, has_similarity)
  local parts = {}
  if has_similarity then
    parts[1] = '<section><h2>What resembles what</h2><canvas class="square" role="img" '
      .. 'aria-label="self-similarity of the song"></canvas><p class="quiet">From the beginning (bottom left) to the end: '
      .. 'a stripe beside the diagonal is a passage that comes again.</p></section>'
  end
  local genres = {}
  if about.prediction and about.prediction.probabilities then
    genres[1] = bars("What the model hears", about.prediction.probabilities)
  end
  if about.genre_rules then
    genres[#genres + 1] = bars("Genre, by rules of thumb", about.genre_rules.scores)
    if about.genre_rules.rules then genres[#genres + 1] = rules(about.genre_rules.rules) end
  end
  if #genres > 0 then parts[#parts + 1] = "<section>" .. table.concat(genres, "\n") .. "</section>" end
  return #parts > 0 and '<div class="pair">' .. table.concat(parts, "\n") .. "</div>" or ""
end

local allowed = "media-src data:; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

local frame = [[
<h1>%s</h1>
<p class="quiet">%s</p>
<div class="player">%s<output>0:00.0</output></div>
<p class="quiet hint">A click goes there. Ctrl or Shift with the wheel, or + and −, show less or more of the song, 0 all of it; space
plays, ← and → go 5 s.</p>
<div class="cards">
%s
</div>
<div id="lanes"></div>
%s
<script id="song" type="application/json">%s</script>
<script>
%s</script>]]

--- The page of an analysis: cards with its figures, waveform with sections and beats, mel spectrogram, chroma with
--- chords, key, tempo and loudness over time, self-similarity, and a player whose cursor runs over all of it. A click
--- on a picture plays from there; the wheel with Ctrl or Shift zooms.
---     files.write("song.html", page.of(music.analyze "song.mp3"))
---@param about moonlark.Analysis
---@return string
function page.of(about)
  local _, name = files.split(about.path or "a waveform")
  local content, sound = drawn(about), sound_of(about)
  local player = sound and ('<audio controls preload="auto" src="%s"></audio>'):format(sound)
    or '<span class="quiet">too long to be played here</span>'
  -- In JSON "<" stands in texts alone: escaped, none of them can end the script's element.
  local encoded = json.encode(content):gsub("<", "\\u003c")
  return html.document {title = escape(name), style = style, allowed = allowed,
    body = frame:format(escape(name), escape("An analysis by Moonlark; what it says is estimated."), player, cards(about),
      below(about, content.similarity ~= nil), encoded, script)}
end

return page
