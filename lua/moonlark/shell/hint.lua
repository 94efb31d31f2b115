--- Hints: what a person may have meant who used a name that is not there. The program asks for them when a script or
--- the prompt stops with Lua's own "attempt to call a nil value (field 'laod')".
local complete = require "moonlark.shell.complete"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local session = require "moonlark.shell.session"

local hint = {}

local typed = {} -- text by chunk name, of what is in no file

--- Remembers the text of a chunk that is in no file, under the name that errors have for it.
---@param name string  "prompt"
---@param text string
function hint.remember(name, text) typed[name] = text end

-- The line where the frame stands, and the one before it: an expression may be longer than a line.
local function line_of(frame)
  local path = frame.source:match "^@(.*)$"
  local text = typed[frame.source:match "^=(.*)$"]
  local file <close> = path and io.open(path) or nil
  text = text or file and file:read "a" or ""
  local number, before = 0, ""
  for line in (text .. "\n\n"):gmatch "(.-)\n" do
    number = number + 1
    if number == frame.currentline then return before .. " " .. line end
    before = line
  end
  return ""
end

-- The value of a name where the frame stands: a local, an upvalue or a global. Levels count from this function.
local function value_of(name, level, frame)
  local found, value
  for i = 1, math.huge do
    local name_there, there = debug.getlocal(level + 1, i)
    if not name_there then break end
    if name_there == name then found, value = true, there end
  end
  for i = 1, not found and frame.nups or 0 do
    local name_there, there = debug.getupvalue(frame.func, i)
    if name_there == name then return there end
  end
  if found then return value end
  local ok, found_value = complete.lookup(name)
  return ok and found_value or nil
end

-- The object that the misspelt name was looked for in: "audio" of `audio.laod(…)`, "d.parts" of `d.parts:trian()`.
local function owner_of(name, line, level, frame)
  for path in line:gmatch("([%a_][%w_.]*)%s*[.:]%s*" .. name .. "%f[^%w_]") do
    local value
    for part in path:gmatch "[^.]+" do
      if value == nil then
        value = value_of(part, level + 1, frame)
      else
        local ok, inner = pcall(function() return value[part] end)
        value = ok and inner or nil
      end
      if value == nil then break end
    end
    if value ~= nil then return path, value end
  end
end

local function of_member(name, level, frame)
  local path, owner = owner_of(name, line_of(frame), level + 1, frame)
  if not path then return nil end
  local near = options.nearest(name, complete.members(owner))
  return near and ("%s has no '%s': did you mean '%s'?"):format(path, name, near)
    or ("%s has no '%s'"):format(path, name)
end

local function of_global(name)
  for _, module in ipairs(moonlark.modules) do
    if module == name then
      return ("'%s' is a global at the prompt only; a script begins with: local %s = require \"moonlark.%s\"")
        :format(name, name, name)
    end
  end
  if session[name] then return ("'%s' is there at the prompt only"):format(name) end
  local near = options.nearest(name, complete.globals())
  return near and ("did you mean '%s'?"):format(near) or nil
end

--- What to add to a message of Lua's; nil where there is nothing to say.
---@param message string
---@param level integer  of the function that failed, as debug.getinfo in the caller counts it
---@return string?
function hint.of(message, level)
  local kind, name = message:match "attempt to %l+ a nil value %((%l+) '([%w_]+)'%)"
  if not kind then return nil end
  if kind == "global" then return of_global(name) end
  if kind ~= "field" and kind ~= "method" then return nil end
  local frame = debug.getinfo(level + 1, "Slfu")
  return frame and frame.currentline > 0 and of_member(name, level + 1, frame) or nil
end

return hint
