--- Libraries: where Vamp plugins lie, and what those of a library are.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local libraries = {}

local patience, megabytes = 20, 4096 -- seconds and memory for a library to say what it holds

--- A process in which a library's plugins run. `order` follows the memory in the words of core/vamp/host/main.c.
---@param task "list"|"run"
---@param memory integer  megabytes
---@param order string[]
---@param timeout number  seconds
function libraries.start(task, memory, order, timeout)
  return core.vamp.start({core.vamp.host, task, ("%d"):format(memory), table.unpack(order)}, timeout, memory)
end

--- The folders in which plugins are looked for: those of VAMP_PATH where that is set, else those that the Vamp
--- documentation names for Linux, and Debian's.
---@return string[]
function libraries.folders()
  local said, folders = os.getenv "VAMP_PATH", {}
  if said and said ~= "" then
    for folder in said:gmatch "[^:]+" do folders[#folders + 1] = folder end
    return folders
  end
  local home = os.getenv "HOME"
  if home and home ~= "" then folders = {files.join(home, "vamp"), files.join(home, ".vamp")} end
  for _, place in ipairs {"/usr/local/lib", "/usr/lib", "/usr/lib64"} do folders[#folders + 1] = place .. "/vamp" end
  for _, name in ipairs(files.kind "/usr/lib" == "directory" and files.list("/usr/lib", true) or {}) do
    if name:find "%-linux%-gnu" then folders[#folders + 1] = "/usr/lib/" .. name .. "/vamp" end
  end
  return folders
end

--- The libraries that are there, by name: of two of one name the first that is found.
---@return table<string, string>  paths
function libraries.found()
  local paths = {}
  for _, folder in ipairs(libraries.folders()) do
    for _, file in ipairs(files.kind(folder) == "directory" and files.list(folder, true) or {}) do
      local name = file:match "^(.+)%.so$"
      if name and not paths[name] then paths[name] = files.join(folder, file) end
    end
  end
  return paths
end

-- What a library says of its plugins, and why it said no more.
local function ask(path)
  local session <close> = libraries.start("list", megabytes, {path}, patience)
  local why, plugins = session:finish(), {}
  for _, said in ipairs(session:said()) do
    local fine, plugin = pcall(json.decode, said)
    if fine then plugins[#plugins + 1] = plugin end
  end
  return plugins, why
end

local known = {} -- by path, size and time of writing

--- The plugins of a library, as they describe themselves, and why there are no more: it crashed, it is none.
---@param path string
---@return table[]
---@return string?
function libraries.plugins(path)
  local facts = lfs.attributes(path) or {}
  local key = ("%s\n%s\n%s"):format(path, facts.size, facts.modification)
  known[key] = known[key] or table.pack(ask(path))
  return table.unpack(known[key], 1, 2)
end

-- The one of a list that a person means, whatever the case of its letters; the error says which there are.
local function pick(what, word, list, owner)
  local ids = {}
  for i, one in ipairs(list) do
    ids[i] = one.id
    if one.id == word then return one end
  end
  for _, one in ipairs(list) do
    if one.id:lower() == word:lower() then return one end
  end
  if #ids == 0 then show.fail("plugin: %s has no %s", owner, what) end
  show.fail("plugin: %s has no %s %s; it has %s", owner, what, word, table.concat(text.sort(ids), ", "))
end

local function library_of(name)
  local paths = libraries.found()
  if paths[name] then return paths[name] end
  for one, path in pairs(paths) do
    if one:lower() == name:lower() then return path end
  end
  local near = options.nearest(name, text.keys(paths))
  show.fail("plugin: there is no Vamp library %s in %s%s", name, table.concat(libraries.folders(), ", "),
    near and "; did you mean " .. near .. "?" or "")
end

--- The plugin that a name "library:plugin" or "library:plugin:output" means. Errors: there is none such, and which there
--- are.
---@param name string
---@return {path: string, library: string, plugin: table, output: table, key: string}
function libraries.resolve(name)
  local words = {}
  for word in name:gsub("^vamp:", ""):gmatch "[^:]+" do words[#words + 1] = word end
  if #words < 2 or #words > 3 then
    show.fail('plugin must be "library:plugin" or "library:plugin:output", got %q', name)
  end
  local path = library_of(words[1])
  local plugins, why = libraries.plugins(path)
  if #plugins == 0 and why then show.fail("plugin: %s cannot be used: %s", path, why) end
  local plugin = pick("plugin", words[2], plugins, words[1])
  local output = words[3] and pick("output", words[3], plugin.outputs, words[1] .. ":" .. words[2]) or plugin.outputs[1]
  if not output then show.fail("plugin: %s has no output", name) end
  local library = select(2, files.split(path)):gsub("%.so$", "")
  return {path = path, library = library, plugin = plugin, output = output,
    key = ("%s:%s:%s"):format(library, plugin.id, output.id)}
end

return libraries
