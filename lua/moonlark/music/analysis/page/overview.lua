--- Overview: a collection of songs as one page: how their figures are spread, which stand apart, which are the same, what is
--- wrong with them.
local html = require "moonlark.base.html"
local row = require "moonlark.music.analysis.row"
local style = require "moonlark.music.analysis.page.style"

local escape = html.escape

local overview = {}

local bins = 24

-- The values of a column, with their rows.
local function values_of(rows, name)
  local list = {}
  for _, one in ipairs(rows) do
    if type(one[name]) == "number" then list[#list + 1] = {value = one[name], row = one} end
  end
  table.sort(list, function(a, b) return a.value < b.value end)
  return list
end

local function quartile(list, share) return list[math.max(1, math.ceil(share * #list))].value end

-- Column, name, unit, decimals.
local figures = {{"tempo", "Tempo", "BPM", 1}, {"duration", "Length", ""}, {"loudness_lufs", "Loudness", "LUFS", 1},
  {"loudness_range_lu", "Loudness range", "LU", 1}, {"dynamic_range_db", "Dynamic range", "dB", 0},
  {"onsets_a_second", "Onsets a second", "", 1}, {"energy", "Energy", "", 2}, {"danceability", "Danceability", "", 2}}

local by_column = {}
for _, figure in ipairs(figures) do by_column[figure[1]] = figure end

-- A value of a column as it is read: lengths as minutes and seconds.
local function words_of(column, value)
  if column == "duration" then
    local whole = math.floor(value + 0.5)
    return ("%d:%02d"):format(whole // 60, whole % 60)
  end
  local figure = by_column[column]
  return figure and ("%." .. figure[4] .. "f"):format(value) or ("%.4g"):format(value)
end

local function with_unit(figure, value) return words_of(figure[1], value) .. (figure[3] ~= "" and " " .. figure[3] or "") end

-- A histogram as a picture of bars.
local function histogram(column, list)
  local low, high = list[1].value, list[#list].value
  if high == low then low, high = low - 0.5, high + 0.5 end
  local counts, most, parts = {}, 0, {}
  for i = 1, bins do counts[i] = 0 end
  for _, one in ipairs(list) do
    local bin = math.min(bins, math.floor((one.value - low) / (high - low) * bins) + 1)
    counts[bin] = counts[bin] + 1
    most = math.max(most, counts[bin])
  end
  for i, count in ipairs(counts) do
    local height = 60 * count / most
    parts[i] = ('<rect x="%d" y="%.1f" width="9" height="%.1f"><title>%s to %s: %d</title></rect>'):format(10 * (i - 1),
      60 - height, height, words_of(column, low + (i - 1) * (high - low) / bins),
      words_of(column, low + i * (high - low) / bins), count)
  end
  return ('<svg viewBox="0 0 240 60" class="bars" role="img">%s</svg><p class="quiet spread"><span>%s</span><span>%s'
    .. "</span></p>"):format(table.concat(parts), words_of(column, low), words_of(column, high))
end

-- The labels of a column by how often they are there.
local function shares(rows, name)
  local counts, names, total = {}, {}, 0
  for _, one in ipairs(rows) do
    local label = one[name]
    if label and label ~= "" then
      if not counts[label] then names[#names + 1] = label end
      counts[label], total = (counts[label] or 0) + 1, total + 1
    end
  end
  table.sort(names, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  local parts = {}
  for i = 1, math.min(8, #names) do
    local count = counts[names[i]]
    parts[i] = ('<div class="bar"><span>%s</span><i style="width:%.1f%%"></i><span>%d</span></div>'):format(escape(names[i]),
      100 * count / counts[names[1]], count)
  end
  return table.concat(parts, "\n"), #names
end

local function distributions(rows)
  local parts = {}
  for _, figure in ipairs(figures) do
    local list = values_of(rows, figure[1])
    if #list > 0 then
      parts[#parts + 1] = ('<div class="card"><b>%s</b>median %s%s</div>'):format(figure[2],
        with_unit(figure, quartile(list, 0.5)), histogram(figure[1], list))
    end
  end
  for _, figure in ipairs {{"key", "Keys"}, {"genre", "Genres"}} do
    local bars, count = shares(rows, figure[1])
    if count > 0 then parts[#parts + 1] = ('<div class="card"><b>%s</b>%s</div>'):format(figure[2], bars) end
  end
  return table.concat(parts, "\n")
end

-- Names songs by the end of their path that tells them apart.
local function name_apart(rows)
  local left, depth = rows, 1
  while #left > 0 do
    local path_of, several, rest = {}, {}, {}
    for _, one in ipairs(left) do
      one.name = one.path:match("[^/]*" .. ("/[^/]*"):rep(depth - 1) .. "$") or one.path
      several[one.name] = several[one.name] or path_of[one.name] ~= nil and path_of[one.name] ~= one.path
      path_of[one.name] = path_of[one.name] or one.path
    end
    for _, one in ipairs(left) do if several[one.name] then rest[#rest + 1] = one end end
    left, depth = rest, depth + 1
  end
end

-- Songs whose figures lie more than one and a half times the middle half's width beyond it (Tukey's fences).
local function outliers(rows)
  local parts = {}
  for _, figure in ipairs(figures) do
    local list = values_of(rows, figure[1])
    if #list >= 8 then
      local low, high = quartile(list, 0.25), quartile(list, 0.75)
      local reach = 1.5 * (high - low)
      for _, one in ipairs(list) do
        if one.value < low - reach or one.value > high + reach then
          local from, to = words_of(figure[1], low), words_of(figure[1], high)
          parts[#parts + 1] = ("<li>%s: %s %s, usually %s</li>"):format(escape(one.row.name), figure[2]:lower(),
            with_unit(figure, one.value), from == to and from or from .. " to " .. to)
        end
      end
    end
  end
  return parts
end

-- Songs with the same length, tempo, loudness and key: the same recording, very likely.
local function duplicates(rows)
  local groups, order, parts = {}, {}, {}
  for _, one in ipairs(rows) do
    if one.duration and one.tempo and one.loudness_lufs then
      local word = ("%.1f %.1f %.1f %s"):format(one.duration, one.tempo, one.loudness_lufs, one.key)
      if not groups[word] then
        groups[word] = {}
        order[#order + 1] = word
      end
      table.insert(groups[word], escape(one.name))
    end
  end
  for _, word in ipairs(order) do
    if #groups[word] > 1 then parts[#parts + 1] = "<li>" .. table.concat(groups[word], " = ") .. "</li>" end
  end
  return parts
end

local function faults(rows)
  local parts = {}
  for _, one in ipairs(rows) do
    if one.faults and one.faults ~= "" then
      parts[#parts + 1] = ("<li>%s: %s</li>"):format(escape(one.name), escape(one.faults))
    end
  end
  return parts
end

local function rejects(rejected)
  local parts = {}
  for i, bad in ipairs(rejected) do
    parts[i] = ("<li>%s: %s</li>"):format(escape(bad.path), escape(tostring(bad.reason)))
  end
  return parts
end

local function list(title, parts, none)
  local shown = #parts > 0 and "<ul>\n" .. table.concat(parts, "\n") .. "\n</ul>" or ('<p class="quiet">%s</p>'):format(none)
  return ("<h2>%s</h2>\n%s"):format(title, shown)
end

local shown = {"duration", "tempo", "meter", "key", "loudness_lufs", "dynamic_range_db", "genre"}
local headings = {"length", "BPM", "meter", "key", "LUFS", "DR", "genre"}

local function songs(rows)
  local lines = {"<tr><th>song</th><th>" .. table.concat(headings, "</th><th>") .. "</th></tr>"}
  for _, one in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(shown) do
      local value = one[name]
      cells[i] = value == nil and "" or type(value) == "number" and words_of(name, value) or escape(tostring(value))
    end
    lines[#lines + 1] = ("<tr><td>%s</td><td>%s</td></tr>"):format(escape(one.name), table.concat(cells, "</td><td>"))
  end
  return '<div class="wide"><table>\n' .. table.concat(lines, "\n") .. "\n</table></div>"
end

local own_style = [[
.bars { width: 100%; height: 4rem; fill: var(--wave); } .spread { display: flex; justify-content: space-between; font-size: .75rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .88rem; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
td:not(:first-child) { font-variant-numeric: tabular-nums; } .card .bar { grid-template-columns: 6rem 1fr 2rem; }
]]

local frame = [[
<h1>%s</h1>
<p class="quiet">%s</p>
<div class="cards">
%s
</div>
%s]]

--- A page of many songs: distributions, songs that stand apart, that are the same, faults, and a table of all.
---     files.write("songs.html", overview.of(plains, rejected, "My songs"))
---@param plains table[]  what Analysis:plain gives of each
---@param rejected {path: string, reason: string}[]
---@param title string
---@return string
function overview.of(plains, rejected, title)
  local rows, seconds = {}, 0
  for i, plain in ipairs(plains) do
    rows[i] = row.of(plain)
    seconds = seconds + (plain.duration or 0)
  end
  name_apart(rows)
  local length = seconds < 3600 and ("%.0f minutes"):format(seconds / 60) or ("%.1f hours"):format(seconds / 3600)
  local words = ("%d songs, %s. What is said of them is estimated."):format(#rows, length)
  local sections = {
    list("Faults of the sound", faults(rows), "none found"), list("Songs that stand apart", outliers(rows), "none"),
    list("Songs that are the same", duplicates(rows), "none"),
    #rejected > 0 and list("Files that could not be read", rejects(rejected), "") or "", "<h2>All songs</h2>", songs(rows),
  }
  return html.document {title = escape(title), style = style .. own_style, allowed = "style-src 'unsafe-inline'",
    body = frame:format(escape(title), escape(words), distributions(rows), table.concat(sections, "\n"))}
end

return overview
