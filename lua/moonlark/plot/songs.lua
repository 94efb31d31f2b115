--- Songs side by side: the same Signals of each, one song a column, on scales that can be compared.
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local view = require "moonlark.plot.view"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.songs", {
  names = shared.list("a name for each song, above its column", "none"),
  scales = options.choice({"shared", "own"}, "shared", "one range of colours, values and time for all songs in a "
    .. "row of pictures, or each its own"),
}, shared.size(nil, nil, "by the number of songs and Signals"), shared.title)

-- A list of Signals for each song, all of the same kinds.
local function check(songs)
  if type(songs) ~= "table" or #songs == 0 then
    show.fail("songs must be a list of lists of Signals, got %s", options.got(songs))
  end
  for i, song in ipairs(songs) do
    if type(song) ~= "table" or signal.is(song) or #song == 0 then
      show.fail("songs[%d] must be a list of Signals, got %s", i, options.got(song))
    end
    for j, one in ipairs(song) do
      signal.check(("songs[%d][%d]"):format(i, j), one)
      local first = songs[1][j]
      if #song ~= #songs[1] or one.kind ~= first.kind then
        show.fail("songs[%d] must hold the same kinds of Signals as the first: %s", i, one.kind)
      end
    end
  end
end

-- What a Signal is called above its picture.
local function name_of(one) return one.kind == "waveform" and "waveform" or one.made.feature or one.kind end

-- Where the last Signal of each song ends, or the last of all songs.
local function ends_of(songs, together)
  local ends, last = {}, 0
  for i, song in ipairs(songs) do
    ends[i] = 0
    for _, one in ipairs(song) do ends[i] = math.max(ends[i], one.start + one:duration()) end
    last = math.max(last, ends[i])
  end
  for i = 1, together and #ends or 0 do ends[i] = last end
  return ends
end

-- The pictures of one kind, a song each.
local function row_of(songs, j, settings, ends, width)
  local views, row = {}, {}
  for i, song in ipairs(songs) do views[i] = view.of(song[j]) end
  local range = settings.scales == "shared" and view.range(views)
  for i, one in ipairs(views) do
    local song_name = j == 1 and settings.names and settings.names[i]
    local looks = {
      title = song_name and tostring(song_name) or name_of(one.signal), width = width,
      height = view.heights[one.style], xhigh = ends[i],
    }
    if j < #songs[1] then looks.xlabel = false end -- the last row says what the axis is
    row[i] = view.draw(one, range or view.range {one}, looks)
  end
  return row
end

--- The same Signals of several songs: a column for each song, a row for each kind of Signal, drawn as plot.signal does.
--- Colours, values and times are on one scale for all songs, so that what looks louder is louder; what
--- lies above each other is the same moment.
---
--- Errors: songs that do not hold the same kinds of Signals.
---     plot.songs({{a, feature.mel(a)}, {b, feature.mel(b)}}, {names = {"a", "b"}}):save "songs.png"
---@param songs moonlark.Signal[][]
---@param given moonlark.plot.songs.Options?
---@return moonlark.Figure
function pictures.songs(songs, given)
  local settings = parameters:read(given)
  check(songs)
  if settings.names and #settings.names ~= #songs then
    show.fail("names must be one for each of the %d songs, got %d", #songs, #settings.names)
  end
  local figures, ends = {}, ends_of(songs, settings.scales == "shared")
  for j = 1, #songs[1] do
    local row = row_of(songs, j, settings, ends, #songs == 1 and 900 or 520)
    table.move(row, 1, #row, #figures + 1, figures)
  end
  return figure.grid(figures, {
    columns = #songs, title = settings.title, width = settings.width, height = settings.height,
    width_mm = settings.width_mm, height_mm = settings.height_mm, font_size = settings.font_size,
  })
end

return pictures
