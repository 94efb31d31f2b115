--- A manual as a folder of pages that need no script: modules with their functions, options and examples, made from the
--- comments and descriptions that the prompt shows, too.
---
---     manual.write "manual"                    -- open manual/index.html
local chapter = require "moonlark.manual.chapter"
local commands = require "moonlark.manual.commands"
local conventions = require "moonlark.manual.conventions"
local names_of = require "moonlark.manual.names"
local overview = require "moonlark.manual.overview"
local page = require "moonlark.manual.page"
local peers = require "moonlark.manual.peers"
local reading = require "moonlark.manual.reading"
local search = require "moonlark.manual.search"
local site = require "moonlark.manual.site"
local style = require "moonlark.manual.style"

local manual = {}

--- The pages of a manual: bytes by name.
---     local pages = manual.pages()
---@return table<string, string>
function manual.pages()
  local chapters = reading.chapters()
  local names = names_of(chapters)
  local pages = {["style.css"] = style, ["search.js"] = search}
  local function add(file, title, body, script)
    pages[file] = page.html {file = file, title = title, body = body, script = script}
  end
  add("index.html", "Moonlark: the manual", overview.start(chapters, names))
  add("names.html", "Names A–Z", overview.names(chapters, names), "search.js")
  add("conventions.html", "Conventions", conventions.body(names))
  for _, one in ipairs(peers.list) do add(one.file, one.title, peers.body(one, names)) end
  local usages, listed = commands.all(names)
  add("commands.html", "Commands", listed)
  for _, one in ipairs(usages) do add(commands.file(one.name), "moonlark " .. one.name, commands.body(one, names)) end
  for _, one in ipairs(chapters) do add(one.name .. ".html", one.name, chapter.body(one, names)) end
  return pages
end

--- Writes a manual. Errors: the folder holds something that is no manual.
---     manual.write "manual"
---@param folder string  is made; an earlier manual in it is replaced
function manual.write(folder)
  site.check(folder)
  site.write(folder, manual.pages())
end

return manual
