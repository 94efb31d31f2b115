--- The tensor module, loaded after what libtorch must find in the process when it comes: the BLAS that the engine
--- chose.
local loaded, engine = pcall(function()
  require("moonlark_core").system.ready_for_torch()
  return require "moonlark_torch"
end)
if not loaded then
  -- Lua says "error loading module … from file …:", and on the next line what the system's loader says.
  local why = tostring(engine):match "^error loading module.-:\n%s*(.*)$" or tostring(engine)
  error("libtorch could not be loaded: " .. why, 0)
end
return engine
