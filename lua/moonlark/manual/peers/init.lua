--- Peers: pages for people who come from another library: its names, and ours beside them.
local escape = require "moonlark.base.html".escape
local page = require "moonlark.manual.page"
local prose = require "moonlark.manual.prose"

local peers = {}

--- The pages: {file, title, peer}, in the order in which they are offered.
peers.list = {}
for i, name in ipairs {"librosa", "pytorch", "scikit_learn"} do
  local one = require("moonlark.manual.peers." .. name)
  peers.list[i] = {file = "from_" .. name .. ".html", title = one.title, peer = one.peer, about = one.about,
    groups = one.groups}
end

-- Our names of a row as links. Errors: the manual does not know one of them.
local function ours(words, names)
  local links = {}
  for name in words:gmatch "%S+" do
    local address = names:href(name)
    if not address then error(("the manual knows no %s, which stands for %s"):format(name, words), 0) end
    links[#links + 1] = ('<a href="%s"><code>%s</code></a>'):format(address, name)
  end
  return table.concat(links, ", ")
end

--- A page's body.
---@param one table  of peers.list
---@param names table  of moonlark.manual.names
---@return string
function peers.body(one, names)
  local parts = {}
  for _, words in ipairs(one.about) do parts[#parts + 1] = "<p>" .. prose.inline(words, names) .. "</p>" end
  for _, group in ipairs(one.groups) do
    local rows = {}
    for i, row in ipairs(group[2]) do
      rows[i] = {"<code>" .. escape(row[1]) .. "</code>", ours(row[2], names), row[3] and prose.inline(row[3], names) or ""}
    end
    parts[#parts + 1] = ("<section><h2>%s</h2>\n%s</section>"):format(escape(group[1]),
      page.table(nil, {one.peer, "Moonlark", "differs in"}, rows))
  end
  return table.concat(parts, "\n")
end

return peers
