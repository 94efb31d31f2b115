--- Waits for work over many files that runs on background threads, and draws how far it is.
local core = require "moonlark_core"

local background = {}

--- Returns once the job is done. Ctrl-C, or any error meanwhile, stops the job: what is done by then is lost
--- unless it was cached.
---@param job userdata  from core.extract.start or core.extract.inspect
---@param label string?  what to call it in the progress bar; nil: no bar
---@return {total: integer, done: integer, failed: integer, cached: integer, uncached: integer}
function background.await(job, label)
  local total = core.extract.progress(job).total
  local bar = label and total > 0 and require "moonlark.progress".new(total, label)
  local _ <close> = setmetatable({}, {__close = function(_, failure)
    if bar then bar:finish() end
    if failure then core.extract.close(job) end
  end})
  repeat
    local finished = core.extract.wait(job, 0.1)
    local counts = core.extract.progress(job)
    if bar then bar:update(counts.done + counts.failed) end
    if finished and counts.done + counts.failed < total then
      error(("interrupted: %d of %d files were done"):format(counts.done, total), 0)
    end
  until finished
  return core.extract.progress(job)
end

--- The reason of a failure without the path that it begins with: `rejected` names that anyway.
---@param path string
---@param reason string
---@return string
function background.reason(path, reason)
  if reason:sub(1, #path) ~= path then return reason end
  return (reason:sub(#path + 1):gsub("^:? ", ""))
end

return background
