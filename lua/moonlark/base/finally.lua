--- Finally: what is done when a block ends, however it ends.
---
---     local _ <close> = finally(function(failure) net:train() end)

--- Calls f when the variable that holds this goes out of scope, with the error if there was one. That includes Ctrl-C,
--- which pcall does not see.
---@param f fun(failure: any)
---@return table  for a closing variable
return function(f)
  return setmetatable({}, {__close = function(_, failure) f(failure) end})
end
