--- Worker: another process of this program that runs one module of the library and writes lines for whoever started it.
local json = require "moonlark.base.json"
local lfs = require "lfs"

local worker = {}

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- Starts a process that runs a module's file as a script; its argument is the request, as JSON. What it writes is read
--- from the file that comes back, whose `close` waits for its end and says whether that was well.
---     local lines = worker.start("moonlark.corpus.worker", {part = 1, parts = 2})
---@param module string  the module's name
---@param request table
---@param settings string?  of the environment, as a shell writes them: "OMP_NUM_THREADS=1"
---@return file*
function worker.start(module, request, settings)
  local program = lfs.symlinkattributes("/proc/self/exe", "target")
  local script = package.searchpath(module, package.path)
  return io.popen(("LUA_PATH=%s LUA_CPATH=%s %s exec %s %s %s"):format(quoted(package.path), quoted(package.cpath),
    settings or "", quoted(program), quoted(script), quoted(json.encode(request))), "r")
end

return worker
