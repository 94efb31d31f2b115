--- What is behind the prompt, apart from the keyboard: it compiles what was typed, keeps its variables and prints its
--- results.
local prompt = {}

--- Makes Moonlark's modules globals that load when first used; help, time and reload, too.
function prompt.open()
  local moonlark, session = require "moonlark", require "moonlark.shell.session"
  local meta = getmetatable(_G) or {}
  local previous = meta.__index
  meta.__index = function(globals, name)
    local module = moonlark.module(name)
    if module ~= nil then
      rawset(globals, name, module)
      return module
    end
    if type(previous) == "function" then return previous(globals, name) end
    return previous and previous[name]
  end
  setmetatable(_G, meta)
  for name, value in pairs(session) do rawset(_G, name, value) end
end

--- What `-l NAME` does: requires a module of Moonlark or any other and makes it a global.
function prompt.load(name)
  local ours = package.searchpath("moonlark." .. name, package.path) ~= nil
  rawset(_G, name:match "[^.]*$", (require((ours and "moonlark." or "") .. name)))
end

-- Makes the local variables of a function on the stack global: at the end of a chunk, so that the next line has
-- `local song = …`.
local function keep_locals(level)
  for i = 1, math.huge do
    local name, value = debug.getlocal(level + 1, i)
    if not name then return end
    if name:sub(1, 1) ~= "(" then rawset(_G, name, value) end
  end
end

local function incomplete(message) return message:sub(-5) == "<eof>" end

--- What `name?` or `?name` asks about; "" alone asks for the overview. nil: it is no question.
---@param text string
---@return string?
function prompt.asked(text)
  return text:match "^%s*%?%s*([%w_.:]*)%s*$" or text:match "^%s*([%a_][%w_.:]*)%s*%?%s*$"
end

-- Text whose last lines are an expression, made to hand its values to the chunk's argument; nil where they are none.
-- They must begin with a name: what begins with a bracket or an operator goes on with the line before.
local function with_last_shown(text, name)
  local starts = {1}
  for at in text:gmatch "\n()" do starts[#starts + 1] = at end
  for i = #starts, math.max(2, #starts - 200), -1 do
    local before, last = text:sub(1, starts[i] - 1), text:sub(starts[i])
    if last:find "^%s*[%a_]" and load("return " .. last, "=" .. name, "t") and load(before, "=" .. name, "t") then
      return load(before .. ";(...)(" .. last .. "\n)", "=" .. name, "t")
    end
  end
end

--- What a text is to the prompt: something that can be run, only the beginning of it, or wrong.
---@param text string
---@return "complete"|"incomplete"|"invalid"
function prompt.state(text)
  if prompt.asked(text) then return "complete" end
  local expression, begun = load("return " .. text, "=prompt", "t")
  local statements, message = load(text, "=prompt", "t")
  if expression or statements or with_last_shown(text, "prompt") then return "complete" end
  return (incomplete(message) or incomplete(begun)) and "incomplete" or "invalid"
end

--- Compiles what was typed: an expression, alone or in the last line, gives its values to `print`; statements make their
--- local variables global; `name?` prints help.
---@param text string
---@param name string?  what errors call it; default "prompt"
---@param print fun(...: any)?  default: show.print
---@return function?  runs it; nil when the text is only the beginning of something
function prompt.compile(text, name, print)
  name, print = name or "prompt", print or require("moonlark.base.show").print
  require("moonlark.base.warning").tell_rest() -- of the input before
  require("moonlark.shell.hint").remember(name, text)
  local asked = prompt.asked(text)
  if asked then return function() require("moonlark.shell.help").print(asked) end end

  local expression, begun = load("return " .. text, "=" .. name, "t")
  if expression then
    -- Not `return f()`: after a tail call errors do not know the user's line.
    local printing = load("(...)(" .. text .. "\n)", "=" .. name, "t")
    if printing then return function() printing(print) end end
    return function() print(expression()) end
  end
  local last_shown = with_last_shown(text, name)
  if last_shown then
    return function()
      last_shown(function(...)
        keep_locals(2)
        print(...)
      end)
    end
  end
  local statements, message = load(text, "=" .. name, "t")
  if not statements then
    if incomplete(message) or incomplete(begun) then return nil end
    error(message, 0)
  end
  local keeping = load(text .. "\n;(...)()", "=" .. name, "t")
  if keeping then return function() keeping(function() keep_locals(2) end) end end
  return function() print(statements()) end
end

return prompt
