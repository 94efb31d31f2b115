--- Genre by rules of thumb: what tempo, rhythm, harmony and spectrum speak for, said aloud. No collection of genres taught
--- them; a trained model knows better.
local figures = require "moonlark.music.character.figures"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local text = require "moonlark.base.text"

---@class moonlark.music
local genre_rules = {}

local parameters = options.describe("music.genre_rules", {
  explain = options.boolean(false, "also give the rules that spoke, with what they saw"),
})

-- 1 in the middle of a range, 0 a quarter of its width and more beyond it.
local function within(x, low, high)
  local soft = (high - low) / 4
  if x < low then return math.max(0, 1 - (low - x) / soft) end
  if x > high then return math.max(0, 1 - (x - high) / soft) end
  return 1
end

-- 0 at low, 1 at high, whichever is larger.
local function toward(x, low, high) return math.max(0, math.min(1, (x - low) / (high - low))) end

-- Each rule: what it looks at, how true it is of a song (0..1), and for and against which genres it speaks.
local rules = {
  {"a steady beat of 110 to 132 BPM", function(f) return within(f.tempo, 110, 132) * toward(-f.irregularity, -0.06, -0.01) end,
    {disco = 2, pop = 0.7, classical = -0.5}},
  {"a slow beat of 75 to 105 BPM", function(f) return within(f.tempo, 75, 105) end,
    {hiphop = 1, reggae = 0.7, blues = 0.5, pop = 0.3}},
  {"a fast beat above 140 BPM", function(f) return toward(f.tempo, 135, 165) end,
    {metal = 1, country = 0.5, jazz = 0.6, rock = 0.5}},
  {"a beat that breathes", function(f) return toward(f.irregularity, 0.03, 0.12) end,
    {classical = 2, jazz = 0.7, disco = -1.5, hiphop = -1, metal = -0.5}},
  {"hardly a beat", function(f) return toward(-f.beat_strength, -0.45, -0.2) end,
    {classical = 2.5, jazz = 0.5, metal = -0.5, disco = -1.5, hiphop = -1, pop = -0.7}},
  {"swing", function(f) return within(f.swing, 0.61, 0.72) end,
    {jazz = 1.5, blues = 1.5, country = 0.3, disco = -1, metal = -0.5}},
  {"a strong backbeat", function(f) return toward(f.backbeat, 0.1, 0.8) end,
    {rock = 1, pop = 0.8, country = 0.8, hiphop = 0.8, reggae = 0.5, disco = 0.5, classical = -1}},
  {"bars of three", function(f) return f.meter == 3 and 1 or 0 end,
    {classical = 1, country = 0.7, blues = 0.4, disco = -1, hiphop = -1}},
  {"loud throughout", function(f) return toward(f.loudness, -16, -9) * toward(-f.range, -8, -3) end,
    {metal = 1.5, rock = 0.7, pop = 0.7, hiphop = 0.5, disco = 0.3, classical = -2, jazz = -1}},
  {"quiet, or of wide range", function(f) return math.max(toward(-f.loudness, 18, 26), toward(f.range, 9, 16)) end,
    {classical = 2, jazz = 0.8, blues = 0.3, metal = -1.5, pop = -0.7}},
  {"a dense wall of sound", function(f) return toward(f.flux, 0.14, 0.22) * toward(f.treble, 0.15, 0.3) end,
    {metal = 1.5, rock = 0.7, classical = -1}},
  {"deep bass", function(f) return toward(f.bass, 0.4, 0.6) end,
    {hiphop = 1.2, reggae = 1.2, disco = 0.5, classical = -0.3, metal = -0.3}},
  {"bright", function(f) return toward(f.treble, 0.15, 0.3) end,
    {metal = 0.7, disco = 0.6, pop = 0.5, rock = 0.5, classical = -0.7, blues = -0.3}},
  {"many onsets", function(f) return toward(f.onset_rate, 4, 6.5) end,
    {metal = 0.7, disco = 0.5, hiphop = 0.4, classical = -0.3}},
  {"chords that change often", function(f) return toward(f.chord_changes, 30, 60) end,
    {jazz = 1, country = 0.4, pop = 0.3, hiphop = -0.7, metal = -0.2}},
  {"chords that stay", function(f) return toward(-f.chord_changes, -18, -6) end,
    {hiphop = 0.8, reggae = 0.5, disco = 0.4, metal = 0.4, jazz = -0.7}},
  {"major", function(f) return toward(f.mode, 0.3, 0.8) end,
    {country = 0.7, pop = 0.4, reggae = 0.3, metal = -0.7, hiphop = -0.3}},
  {"minor", function(f) return toward(-f.mode, 0.3, 0.8) end, {metal = 0.7, hiphop = 0.4, disco = 0.3, country = -0.7}},
}

local genres = {"blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"}

---@class moonlark.GenreRules
---@field scores table<string, number>  shares that add up to 1
---@field rules {says: string, truth: number, speaks: table<string, number>}[]?  with explain: what was true, the truest first

local GenreRules = {__name = "moonlark.GenreRules"}

-- The genres, the likeliest first; then the rules that spoke.
function GenreRules:__tostring()
  local names, lines = text.keys(self.scores), {}
  table.sort(names, function(a, b)
    if self.scores[a] ~= self.scores[b] then return self.scores[a] > self.scores[b] end
    return a < b
  end)
  for i, name in ipairs(names) do lines[i] = ("%-10s %3.0f %%"):format(name, 100 * self.scores[name]) end
  for _, rule in ipairs(self.rules or {}) do
    lines[#lines + 1] = ("heard, by %.0f %%: %s"):format(100 * rule.truth, rule.says)
  end
  return table.concat(lines, "\n")
end

--- Scores of ten genres by rules of thumb, with the rules that spoke. Every rule says what it heard (a tempo, a backbeat,
--- swing, how often chords change, how bright it is …), how true that is (0..1), and for and against which genres it speaks;
--- scores are a softmax of their sums. They were written down, not learnt, and never checked on a collection of genres: take
--- a trained model (moonlark train, predict) where it matters. Errors: as of audio.load.
---     for _, rule in ipairs(music.genre_rules("song.mp3", {explain = true}).rules) do print(rule.says, rule.truth) end
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.genre_rules.Options?
---@return moonlark.GenreRules
function genre_rules.genre_rules(song, given)
  local o, h = parameters:read(given), heard.of(song)
  local f, sums, spoke, total = figures.of(h), {}, {}, 0
  for _, genre in ipairs(genres) do sums[genre] = 0 end
  for _, rule in ipairs(rules) do
    local truth = rule[2](f)
    if truth > 0.05 then spoke[#spoke + 1] = {says = rule[1], truth = truth, speaks = rule[3]} end
    for genre, weight in pairs(rule[3]) do sums[genre] = sums[genre] + weight * truth end
  end
  local scores = {}
  for _, genre in ipairs(genres) do total = total + math.exp(sums[genre]) end
  for _, genre in ipairs(genres) do scores[genre] = math.exp(sums[genre]) / total end
  table.sort(spoke, function(a, b)
    if a.truth ~= b.truth then return a.truth > b.truth end
    return a.says < b.says
  end)
  return setmetatable({scores = scores, rules = o.explain and spoke or nil}, GenreRules)
end

return genre_rules
