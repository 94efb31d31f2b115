--- What a session has beside Moonlark's modules, at the prompt and in notebooks: help, time, reload, display, clear.
local show = require "moonlark.base.show"

local session = {}

--- Explains a name or a value; alone, what there is. `name?` at the prompt is the same.
---     help "audio.load"
---     help(song)
session.help = setmetatable({}, {
  __name = "moonlark.shell.help",
  __call = function(_, ...)
    local about = ...
    if select("#", ...) == 0 then about = "" end
    require("moonlark.shell.help").print(about)
  end,
  __tostring = function() return (require("moonlark.shell.help").text "") end,
})

--- Shows a value: in a notebook as picture, table or player below the cell, elsewhere as the prompt prints it.
---     display(plot.map(mel))
---     display(plot.lines({losses}), "curve")
---@param value any
---@param id string?  what the cell has displayed with the same id is replaced
function session.display(value, id) require "moonlark.base.display".show(value, id) end

--- Takes away what a cell has shown so far; at the prompt, what the terminal shows.
---     clear(true)
---@param wait boolean?  not before something new is shown
function session.clear(wait)
  local cleared = require "moonlark.base.display".cleared
  if cleared then return cleared(wait == true) end
  if require "moonlark_core".system.terminal_columns(1) then io.stdout:write "\27[2J\27[H" end
end

local function spent(seconds)
  if seconds >= 10 then return require("moonlark.base.progress").duration(seconds) end
  if seconds >= 0.1 then return ("%.2f s"):format(seconds) end
  return seconds >= 1e-4 and ("%.3g ms"):format(seconds * 1e3) or ("%.3g µs"):format(seconds * 1e6)
end

--- Calls a function, says how long it took, and gives what it gives. What runs on a GPU is waited for.
---     X = time(songs.extract, songs, recipe)
---     time(function() return net(x) end)
---@param f function
---@param ... any  its arguments
---@return any ...
function session.time(f, ...)
  local called = type(f) == "function" or (debug.getmetatable(f) or {}).__call
  if not called then show.fail("time takes a function, got %s: time(function() … end)", type(f)) end
  local clock = require("moonlark_core").system.clock
  local started = clock()
  local results = table.pack(f(...))
  local torch = package.loaded["moonlark.torch"]
  if torch and torch.cuda.is_available() then torch.cuda.synchronize() end
  io.stderr:write(spent(clock() - started), "\n")
  return table.unpack(results, 1, results.n)
end

--- Runs a module's file anew after it was changed. Where both results are tables, the old one takes over what the new
--- one holds, so that all who have it see the change. The global of its name becomes it.
---     reload "mynet"
---@param name string  as require takes it
---@return any module
function session.reload(name)
  if type(name) ~= "string" then show.fail("reload takes a module's name, got %s", type(name)) end
  local before = package.loaded[name]
  package.loaded[name] = nil
  local ok, made = pcall(require, name)
  if not ok then
    package.loaded[name] = before
    error(made, 0)
  end
  if type(before) == "table" and type(made) == "table" then
    for key in pairs(before) do before[key] = nil end
    for key, value in pairs(made) do before[key] = value end
    setmetatable(before, getmetatable(made))
    package.loaded[name], made = before, before
  end
  rawset(_G, name:match "[^.]*$", made)
  return made
end

return session
