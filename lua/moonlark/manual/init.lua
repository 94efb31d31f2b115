--- A manual as a folder of pages that need no script: modules with their functions, options and examples, made from the
--- comments and descriptions that the prompt shows, too.
---
---     manual.write "manual"                    -- open manual/index.html
local chapter = require "moonlark.manual.chapter"
local commands = require "moonlark.manual.commands"
local conventions = require "moonlark.manual.conventions"
local example = require "moonlark.manual.example"
local gallery = require "moonlark.manual.gallery"
local layout = require "moonlark.shell.help.layout"
local names_of = require "moonlark.manual.names"
local overview = require "moonlark.manual.overview"
local own_c = require "moonlark.manual.own_c"
local page = require "moonlark.manual.page"
local peers = require "moonlark.manual.peers"
local pictures_in = require "moonlark.manual.pictures"
local reading = require "moonlark.manual.reading"
local search = require "moonlark.manual.search"
local site = require "moonlark.manual.site"
local stage_of = require "moonlark.manual.stage"
local style = require "moonlark.manual.style"

local manual = {}

-- Runs the examples on a stage, and gives them as HTML. What is wrong with one goes to `faults`; where a name is not
-- known, to `unknown`; what drew something, to `drawn`.
local function examples_on(stage, pictures, faults, unknown, drawn)
  return function(code, item)
    local result = stage:run(code, item.name)
    local fault = example.fault(code, result)
    if result.left_out and result.unknown then unknown[#unknown + 1] = item.name .. ": " .. result.unknown end
    if fault then faults[#faults + 1] = {name = item.name, fault = fault} end
    local html = example.html(code, result, pictures, item.name .. ": " .. layout.first_sentence(item.entry))
    if html:find("<img", 1, true) then drawn[#drawn + 1] = {item = item, html = html} end
    return html
  end
end

--- The pages of a manual: bytes by name.
---     local pages, faults = manual.pages(true)
---@param run boolean?  run the examples, and show what came of them
---@param tell? fun(done: integer, total: integer)  after each chapter
---@return table<string, string> pages
---@return {name: string, fault: string}[] faults  examples that fail, or print something else than they promise
---@return string[] unknown  those that could not be run, for want of what they name
function manual.pages(run, tell)
  local chapters = reading.chapters()
  local names, faults, unknown = names_of(chapters), {}, {}
  local pages = {["style.css"] = style, ["search.js"] = search}
  local function add(file, title, body, script)
    pages[file] = page.html {file = file, title = title, body = body, script = script}
  end
  local stage <close> = run and stage_of(chapters) or nil
  local drawn = {}
  local examples = stage and examples_on(stage, pictures_in(pages), faults, unknown, drawn)
  add("index.html", "Moonlark: the manual", overview.start(chapters, names))
  add("names.html", "Names A–Z", overview.names(chapters, names), "search.js")
  add("conventions.html", "Conventions", conventions.body(names))
  add("own_c.html", "A function of your own, in C", own_c.body(names))
  for _, one in ipairs(peers.list) do add(one.file, one.title, peers.body(one, names)) end
  local usages, listed = commands.all(names)
  add("commands.html", "Commands", listed)
  for _, one in ipairs(usages) do add(commands.file(one.name), "moonlark " .. one.name, commands.body(one, names)) end
  for i, one in ipairs(chapters) do
    add(one.name .. ".html", one.name, chapter.body(one, names, examples))
    if tell then tell(i, #chapters) end
  end
  add("gallery.html", "Gallery", gallery.body(drawn, names))
  return pages, faults, unknown
end

--- Writes a manual. Errors: the folder holds something that is no manual.
---     manual.write "manual"
---@param folder string  is made; an earlier manual in it is replaced
---@param tell? fun(done: integer, total: integer)  as of manual.pages
---@return {name: string, fault: string}[] faults
function manual.write(folder, tell)
  site.check(folder)
  local pages, faults = manual.pages(true, tell)
  site.write(folder, pages)
  return faults
end

return manual
