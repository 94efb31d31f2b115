--- Routes: all that a service can be asked, a file a subject: each a function of `route` and the service.
---
---     require "moonlark.server.routes"(service)
local waiting = require "moonlark.server.waiting"

local subjects = {"health", "session", "songs", "library", "maps", "pictures", "work", "live", "models", "runs", "page"}

--- Adds the routes to a service that has songs, a pool and jobs. Before it is opened.
---@param service moonlark.server.Service
return function(service)
  waiting.watch(service)
  for _, subject in ipairs(subjects) do
    require("moonlark.server.routes." .. subject)(function(...) service:route(...) end, service)
  end
end
