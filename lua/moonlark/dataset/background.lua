--- Waits for work over many files that runs on background threads, and draws how far it is.
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local background = {}

--- What functions that wait for such work can be told.
background.options = {
  workers = options.integer(0, {least = 0, most = 256}, "threads; 0: one for each core"),
  progress = options.boolean(true, "draws a bar"),
}

--- Returns once a job of the engine is done: {total, done, failed, cached, uncached, unkept}. Ctrl-C, or any error
--- meanwhile, stops the job and says how far it was; a disk that is full, or no file that can be opened, is an error of
--- the job, not of the files. `label` names the progress bar (nil: no bar), `cache` is where results are kept.
function background.await(job, label, cache)
  local counts = job:progress()
  local bar = label and counts.total > 0 and require "moonlark.base.progress".new(counts.total, label) or nil
  local _ <close> = finally(function(failure)
    if bar then bar:finish() end
    if not failure then return end
    counts = job:progress()
    job:close()
    if counts.done < counts.total then
      io.stderr:write(show.format("stopped after %d of %d files%s\n", counts.done + counts.failed, counts.total,
        cache and "; what is done is kept in " .. cache or ""))
    end
  end)
  repeat
    local finished = job:wait(0.1)
    counts = job:progress()
    if bar then bar:update(counts.done + counts.failed) end
  until finished
  if (counts.uncached or 0) > 0 then -- no failure, but said
    io.stderr:write(show.format("%d results could not be kept in the cache %s: %s\n", counts.uncached, cache,
      counts.unkept))
  end
  local ended_by = job:ended_by()
  if ended_by then error(ended_by, 0) end
  if counts.done + counts.failed < counts.total then error("interrupted", 0) end
  return counts
end

--- The reason of a failure without the path that it begins with: `rejected` names that anyway.
function background.reason(path, reason)
  local shown = show.name(path)
  if reason:sub(1, #shown) ~= shown then return reason end
  return (reason:sub(#shown + 1):gsub("^:? ", ""))
end

--- An error when none of the tracks is left: it names the last that was set aside.
function background.check_left(kept, tracks, rejected)
  if #kept > 0 then return end
  if #tracks == 0 then error("the dataset has no tracks", 0) end
  local last = rejected[#rejected]
  show.fail(#tracks == 1 and "%s: %s" or "none of the files can be used; the last is %s: %s", last.path, last.reason)
end

return background
