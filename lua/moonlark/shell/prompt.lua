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

-- Makes the local variables of its caller global: at the end of a chunk, so that the next line has `local song = …`.
local function keep_locals()
  for i = 1, math.huge do
    local name, value = debug.getlocal(2, i)
    if not name then return end
    if name:sub(1, 1) ~= "(" then rawset(_G, name, value) end
  end
end

local function incomplete(message) return message:sub(-5) == "<eof>" end

-- `name?` or `?name`: the name; "" alone asks for the overview.
local function asked(text)
  return text:match "^%s*%?%s*([%w_.:]*)%s*$" or text:match "^%s*([%a_][%w_.:]*)%s*%?%s*$"
end

--- Compiles what was typed: an expression prints its values, statements make their local variables global, `name?`
--- prints help.
---@param text string
---@return function?  runs it; nil when the text is only the beginning of something
function prompt.compile(text)
  require("moonlark.base.warning").tell_rest() -- of the input before
  require("moonlark.shell.hint").remember("prompt", text)
  local name = asked(text)
  if name then return function() require("moonlark.shell.help").print(name) end end

  local show = require "moonlark.base.show"
  local expression, begun = load("return " .. text, "=prompt", "t")
  if expression then
    -- Not `return f()`: after a tail call errors do not know the user's line.
    local printing = load("(...)(" .. text .. "\n)", "=prompt", "t")
    if printing then return function() printing(show.print) end end
    return function() show.print(expression()) end
  end
  local statements, message = load(text, "=prompt", "t")
  if not statements then
    if incomplete(message) or incomplete(begun) then return nil end
    error(message, 0)
  end
  local keeping = load(text .. "\n;(...)()", "=prompt", "t")
  if keeping then return function() keeping(keep_locals) end end
  return function() show.print(statements()) end
end

return prompt
