--- Hands: many songs heard by as many processes as there are cores, few by this one.
local core = require "moonlark_core"
local hearing = require "moonlark.library.hearing"
local json = require "moonlark.base.json"
local worker = require "moonlark.base.worker"

local hands = {}

local worthwhile = 8 -- songs for each process: it takes a second to start

-- A worker that died while it heard a song: the song is set aside, or it would be the death of the next one, too.
local function bury(db, self, tell)
  if not self.number then return end
  local row = db:row("SELECT min(path) AS path FROM files WHERE song = ? AND vanished IS NULL", {self.number})
  local reason = "the process that heard it died"
  db:run("UPDATE songs SET fault = ? WHERE id = ?", {reason, self.number})
  tell {path = row.path or "?", reason = reason}
end

-- Lines of each in turn, since they keep pace, until all have ended. A dead one is followed by another.
local function listen(db, start, parts, tell)
  local all, failed = {}, 0
  for part = 1, parts do all[part] = {part = part, lines = start(part)} end
  while #all > 0 do
    for i = #all, 1, -1 do
      local self = all[i]
      local line = self.lines:read "l"
      if line and line:sub(1, 1) == ">" then
        self.number = math.tointeger(tonumber(line:sub(2)))
      elseif line then
        self.number = nil
        tell(#line > 1 and json.decode(line:sub(2)) or nil)
      else
        local well = self.lines:close()
        local died = not well and self.number
        if died then bury(db, self, tell) elseif not well then failed = failed + 1 end
        if died then all[i] = {part = self.part, lines = start(self.part)} else table.remove(all, i) end
      end
    end
  end
  if failed > 0 then error("a process that hears songs failed; what was heard is kept", 0) end
end

--- Hears all that was not heard yet. `tell` is called after each song, with the file and the reason where one cannot be
--- heard. Errors: memory or disk are short; what was heard before stays.
---     hands.hear(db, {workers = 0}, function(bad) end)
---@param db moonlark.Database
---@param o {workers: integer, parts: string[]?}
---@param begin fun(total: integer)
---@param tell fun(bad: {path: string, reason: string}?)
---@return integer heard
function hands.hear(db, o, begin, tell)
  local ears = hearing.ears(db, o.parts)
  local todo = hearing.pending(db, ears)
  local workers = math.min(o.workers > 0 and o.workers or core.system.cores(), #todo // worthwhile)
  begin(#todo)
  if workers > 1 then
    listen(db, function(part)
      return worker.start("moonlark.library.worker", {path = db.path, names = o.parts, part = part, parts = workers},
        "OMP_NUM_THREADS=1")
    end, workers, tell)
  else
    for _, number in ipairs(todo) do tell(hearing.hear(db, number, ears)) end
  end
  return #todo
end

return hands
