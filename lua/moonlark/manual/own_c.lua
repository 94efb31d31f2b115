--- Own C: the page that shows how a script calls a function of one's own in C, by the example that comes with Moonlark.
local code = require "moonlark.manual.code"
local escape = require "moonlark.base.html".escape
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local prose = require "moonlark.manual.prose"

local own_c = {}

local words = {
  {"What Lua and tensors cannot do fast is a function in C: a module for Lua in a file of its own, which reads tensors and "
    .. "makes others through `<moonlark/tensor.h>`. Nothing of Moonlark is linked. The module loads in `moonlark`, in notebooks, "
    .. "and in a stock `lua5.4`.",
    "The example follows the envelope of a song, where each sample depends on the one before."},
  {"`require \"envelope\"` finds `envelope.so` beside a script, or where `package.cpath` and `LUA_CPATH` say; modules that "
    .. "LuaRocks has installed are found as in `lua5.4`. The script compiles the module, calls it and draws both:"},
}

local function example(name) return files.read(files.join(moonlark.home, "examples", name)) end

--- The page's body.
---@param names table  of moonlark.manual.names
---@return string
function own_c.body(names)
  local parts = {}
  local function say(list)
    for _, text in ipairs(list) do parts[#parts + 1] = "<p>" .. prose.inline(text, names) .. "</p>" end
  end
  say(words[1])
  parts[#parts + 1] = "<h2>The function</h2>\n<pre tabindex=\"0\">" .. escape(example "c/envelope.c") .. "</pre>"
  parts[#parts + 1] = "<h2>The script</h2>"
  say(words[2])
  parts[#parts + 1] = code.block(example "08_a_function_in_c.lua")
  return table.concat(parts, "\n")
end

return own_c
