--- Overview: the pages by which one finds the others: the start, and all names from A to Z.
local escape = require "moonlark.base.html".escape
local layout = require "moonlark.shell.help.layout"
local page = require "moonlark.manual.page"
local peers = require "moonlark.manual.peers"
local prose = require "moonlark.manual.prose"

local overview = {}

local function link(address, text) return ('<a href="%s">%s</a>'):format(address, text) end

local function first_sentence(entry)
  return entry and layout.first_sentence(entry):gsub("^[%w_ ]+: (%l)", string.upper):gsub("^Moonlark: .", "A") or ""
end

--- The start: what there is, a sentence on each module.
---@param chapters moonlark.manual.Chapter[]
---@param names table  of moonlark.manual.names
---@return string body
function overview.start(chapters, names)
  local rows = {}
  for i, chapter in ipairs(chapters) do
    rows[i] = {link(chapter.name .. ".html", "<code>" .. chapter.name .. "</code>"),
      prose.inline(first_sentence(chapter.entry), names)}
  end
  local others = {}
  for i, one in ipairs(peers.list) do others[i] = link(one.file, one.peer) end
  return ([[
<p>Moonlark analyses music and sound from Lua: features, clusters, classifiers, networks, pictures, and models that others
have trained. Modules are globals at the prompt (<code>feature.mel(song)</code>); a script requires them
(<code>local feature = require "moonlark.feature"</code>).</p>
<p>Names beside those that you know: %s. What agrees with whom, and how closely: <a href="conventions.html">conventions</a>.
The program's <a href="commands.html">commands</a>. How a script calls <a href="own_c.html">a function of your own in C</a>.</p>
]]):format(table.concat(others, ", ")) .. "<h2>Modules</h2>\n" .. page.table(nil, {"module", "what it is"}, rows)
end

-- The last part of a name, by which it is sorted: "mel" of feature.mel.
local function last_of(name) return name:match "[^.:]+$" end

-- Places of all names by their first letters: {letter = {{word, name, address} …}}, and the letters in order.
local function by_letter(chapters, names)
  local found, letters = {}, {}
  for _, chapter in ipairs(chapters) do
    for _, item in ipairs(chapter.items) do
      local letter = last_of(item.name):sub(1, 1):upper()
      if not found[letter] then found[letter], letters[#letters + 1] = {}, letter end
      table.insert(found[letter], {word = last_of(item.name), name = item.name, address = names.of_item(item)})
    end
  end
  table.sort(letters)
  for _, list in pairs(found) do
    table.sort(list, function(a, b)
      if a.word:lower() ~= b.word:lower() then return a.word:lower() < b.word:lower() end
      return a.name < b.name
    end)
  end
  return found, letters
end

--- All names from A to Z.
---@param chapters moonlark.manual.Chapter[]
---@param names table
---@return string body
function overview.names(chapters, names)
  local found, letters = by_letter(chapters, names)
  local tops, parts = {}, {}
  for i, letter in ipairs(letters) do tops[i] = link("#" .. letter, letter) end
  parts[1] = '<nav aria-label="Letters" class="letters">' .. table.concat(tops, "\n") .. "</nav>"
  for _, letter in ipairs(letters) do
    local items = {}
    for i, place in ipairs(found[letter]) do
      local owner = place.name:sub(1, -#place.word - 1)
      items[i] = ("<li>%s</li>"):format(link(place.address, ('<code>%s<b>%s</b></code>'):format(escape(owner), place.word)))
    end
    parts[#parts + 1] = ('<section id="%s"><h2>%s</h2>\n<ul class="names">\n%s\n</ul></section>'):format(letter, letter,
      table.concat(items, "\n"))
  end
  return table.concat(parts, "\n")
end

return overview
