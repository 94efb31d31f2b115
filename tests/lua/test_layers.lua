-- Who may know whom: the pictures of lua/README.md and core/README.md, read, beside the arrows that the sources draw.
local lu = require "luaunit"
local lfs = require "lfs"

-- The first picture of a page whose lines begin with names of its folder: rank and order of each name. Names are
-- separated by one blank, what is said about them by two or more.
local function picture(path)
  local ranks, row, within = {}, 0, false
  for line in io.lines(path) do
    local names = within and line:match "^    (%S.*)$"
    if line:find "^## Layers" then within = true end
    if line:find "^## " and row > 0 then break end
    if names then
      row = row + 1
      for name in (names .. "  "):match "^(.-)  ":gmatch "%S+" do ranks[name] = -row end
    end
  end
  return ranks
end

-- Paths of the sources under a folder.
local function sources(folder, ending, list)
  list = list or {}
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name:find(ending) then
      list[#list + 1] = path
    elseif not name:find "^%." and lfs.attributes(path, "mode") == "directory" then
      sources(path, ending, list)
    end
  end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- The name in the picture of what is called "a.b.c": the longest that stands there.
local function room(name, ranks, separator)
  while name and not ranks[name] do name = name:match("^(.*)%" .. separator .. "[^%" .. separator .. "]*$") end
  return name
end

-- Sentences on the arrows of a graph (name -> {name -> true}) that do not run down, and on names that it has not.
local function arrows_up(graph, ranks, separator)
  local wrong, empty = {}, {}
  for name in pairs(ranks) do empty[name] = true end
  for from, targets in pairs(graph) do
    local a = room(from, ranks, separator)
    empty[a or ""] = nil
    if not a then wrong[#wrong + 1] = ("%s stands in no row of the picture"):format(from) end
    for to in pairs(targets) do
      local b = room(to, ranks, separator)
      if a and b and a ~= b and ranks[b] >= ranks[a] then wrong[#wrong + 1] = ("%s -> %s runs up"):format(from, to) end
      if not b then wrong[#wrong + 1] = ("%s -> %s, which stands in no row of the picture"):format(from, to) end
    end
  end
  for name in pairs(empty) do wrong[#wrong + 1] = ("the picture's %s holds no file"):format(name) end
  table.sort(wrong)
  return wrong
end

-- The circles of a graph, each once: "a -> b -> a".
local function circles(graph)
  local found, state, way = {}, {}, {}
  local function visit(name)
    state[name] = "open"
    way[#way + 1] = name
    local targets = {}
    for to in pairs(graph[name] or {}) do targets[#targets + 1] = to end
    table.sort(targets)
    for _, to in ipairs(targets) do
      if state[to] == "open" then
        local at = #way
        while way[at] ~= to do at = at - 1 end
        found[#found + 1] = table.concat(way, " -> ", at) .. " -> " .. to
      elseif not state[to] then
        visit(to)
      end
    end
    way[#way] = nil
    state[name] = "done"
  end
  local names = {}
  for name in pairs(graph) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if not state[name] then visit(name) end
  end
  return found
end

TestLayers = {}

-- Module -> the modules that it requires anywhere in the file, comments apart. Names that are put together at run time
-- ("moonlark.optim." .. part) are left out.
local function requires()
  local graph = {}
  for _, path in ipairs(sources("lua/moonlark", "%.lua$", sources("scripts", "%.lua$"))) do
    local name = path:gsub("^lua/moonlark/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("^init$", "moonlark")
    name = name:gsub("/", ".")
    graph[name] = {}
    for line in io.lines(path) do
      local code = line:gsub("%-%-.*$", "")
      for module in code:gmatch 'require%s*%(?%s*"moonlark([^"]*)"' do
        if module == "" then graph[name].moonlark = true end
        if module:find "^%..*[^.]$" then graph[name][module:sub(2)] = true end
      end
    end
  end
  return graph
end

function TestLayers:test_modules_require_only_what_stands_below_them()
  local ranks, graph = picture "lua/README.md", requires()
  lu.assertTrue(ranks.base ~= nil and graph["feature.recipe"]["base.options"])
  lu.assertEquals(arrows_up(graph, ranks, "."), {})
end

function TestLayers:test_no_module_comes_back_to_itself()
  lu.assertEquals(circles(requires()), {})
end

-- The program starts the prompt and the commands; the rest of the engine knows no module of the library.
function TestLayers:test_the_program_alone_requires_modules_of_the_library()
  local wrong, seen = {}, 0
  for _, path in ipairs(sources("core", "%.[ch]p?p?$")) do
    local code = read(path):gsub("/%*.-%*/", "")
    for call, name in code:gmatch '([%w_]+)%(L, "moonlark%.([%w_.]+)"' do
      local pushed = call == "lua_pushliteral" or call == "lua_pushstring" or call == "mlk_run_library"
      if pushed and path:find "^core/shell/" then
        seen = seen + 1
      elseif pushed then
        wrong[#wrong + 1] = ("%s -> %s"):format(path, name)
      end
    end
  end
  lu.assertTrue(seen >= 5, "the pattern finds nothing")
  lu.assertEquals(wrong, {})
end

-- Header and source are one module: "dsp/mel" is mel.h and mel.c.
local function includes()
  local graph = {}
  for _, path in ipairs(sources("core", "%.[ch]p?p?$")) do
    local name, folder = path:match "^core/(.-)%.%w+$", path:match "^core/(.*)/" or ""
    graph[name] = graph[name] or {}
    for line in io.lines(path) do
      local file = line:match '^%s*#%s*include%s+"([^"]+)"'
      if file then
        local beside = folder == "" and file or folder .. "/" .. file
        local to = (lfs.attributes("core/" .. beside) and beside or file):match "^(.-)%.%w+$"
        if to ~= name then graph[name][to] = true end
      end
    end
  end
  return graph
end

function TestLayers:test_files_of_the_engine_include_only_what_stands_below_them()
  local ranks, graph = picture "core/README.md", includes()
  lu.assertTrue(ranks.dsp ~= nil and graph["dsp/mel"] ~= nil)
  lu.assertEquals(arrows_up(graph, ranks, "/"), {})
end

function TestLayers:test_no_module_of_the_engine_comes_back_to_itself()
  lu.assertEquals(circles(includes()), {})
end

-- `dsp/mel.h` in a page stands for core/dsp/mel.h, lua/moonlark/dsp/mel.h or a path from the page or the root.
function TestLayers:test_the_pages_name_files_that_are_there()
  local missing = {}
  for _, page in ipairs {"core/README.md", "lua/README.md"} do
    for path in read(page):gmatch "`([%l_%.][%l%d_/.]*/[%l%d_.]*)`" do
      local found = false
      for _, place in ipairs {"core/", "lua/", "lua/moonlark/", ""} do
        found = found or lfs.attributes(place .. path) ~= nil
      end
      if not found then missing[#missing + 1] = page .. ": " .. path end
    end
  end
  lu.assertEquals(missing, {})
end

os.exit(lu.LuaUnit.run())
