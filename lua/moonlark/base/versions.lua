--- Versions: which Moonlark, Lua and libtorch made a result. Libtorch is named when it has been loaded: a question for
--- its version must not load it.
local core = require "moonlark_core"

---@return {moonlark: string, lua: string, libtorch: string?}
return function()
  local torch = package.loaded["moonlark.torch"]
  return {moonlark = core.system.version, lua = _VERSION, libtorch = torch and torch.version or nil}
end
