--- Writes the settings by which an editor knows Moonlark's names: completion, types and checks of scripts.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local moonlark = require "moonlark"
local show = require "moonlark.base.show"

local parser = command.parser("editor", "Writes .luarc.json, from which lua-language-server, and so every editor that "
  .. "uses it, knows Moonlark's modules, functions, options and tensors.")
parser:epilog [[
  moonlark editor                      for scripts in this folder and below
  moonlark editor ~/songs/scripts      for those there
  moonlark editor --print              only shows the settings, for a file of your own

lua-language-server is in the packages of most editors (VS Code: the extension Lua by sumneko). From the command line it
checks a folder by lua-language-server --check FOLDER. Exit code: 0, 1 when the file is there already, 2 for wrong
usage.]]
parser:argument("folder", "Where the scripts are; default: the folder in which you stand."):args "?"
parser:flag("--print", "Write nothing, print the settings.")
parser:flag("--overwrite", "Replace the file.")
local args = parser:parse()

local settings = {
  ["runtime.version"] = "Lua 5.4",
  ["runtime.path"] = {"?.lua", "?/init.lua", "lua/?.lua", "lua/?/init.lua"},
  ["workspace.library"] = {moonlark.home},
  ["workspace.checkThirdParty"] = false, -- asks nothing
  ["type.weakUnionCheck"] = true, -- what may be one of several is taken for the one that fits
}
local written = json.encode(settings, "  ") .. "\n"
if args.print then
  io.write(written)
else
  local folder = args.folder or "."
  if files.kind(folder) ~= "directory" then show.fail("%s is no folder", folder) end
  local path = files.join(folder, ".luarc.json")
  if files.kind(path) and not args.overwrite then
    show.fail("%s is there already: --print shows what belongs into it, --overwrite replaces it", path)
  end
  files.write(path, written)
  print(show.format("wrote %s", path))
end
