--- The kernel spec: the folder by which Jupyter finds Moonlark.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local moonlark = require "moonlark"
local show = require "moonlark.base.show"

local spec = {}

local logos = {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}

--- Where Jupyter looks for what a user has.
---@return string
function spec.user_folder()
  local own = os.getenv "JUPYTER_DATA_DIR"
  if own and own ~= "" then return own end
  local home = os.getenv "HOME"
  local data = os.getenv "XDG_DATA_HOME"
  if data and data:find "^/" then return data .. "/jupyter" end
  if not home then show.fail "there is no home folder: name one with --prefix" end
  return home .. "/.local/share/jupyter"
end

--- Writes the spec under a folder that Jupyter looks into, and gives its place.
--- Errors: the folder cannot be written to; the name is none for a folder.
---@param folder string  "~/.local/share/jupyter", "/usr/local/share/jupyter"
---@param name string?  default "moonlark"
---@return string
function spec.install(folder, name)
  name = name or "moonlark"
  if not name:find "^[%w._-]+$" or name:find "^%.+$" then
    show.fail("name must be letters, digits, '.', '_' and '-', got %s", name)
  end
  local place = files.join(folder, "kernels", name)
  files.mkdirs(place)
  local program = lfs.symlinkattributes("/proc/self/exe", "target")
  for _, logo in ipairs(logos) do
    files.write(files.join(place, logo), files.read(files.join(moonlark.folder, "notebook", logo)))
  end
  files.write(files.join(place, "kernel.json"), json.encode({
    argv = {program, "kernel", "start", "{connection_file}"}, display_name = "Moonlark (Lua)", language = "lua",
    interrupt_mode = "signal", metadata = {debugger = false},
  }, "  ") .. "\n")
  return place
end

return spec
