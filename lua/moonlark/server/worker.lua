--- Worker: what runs in a process of the pool (workers.lua): one order after the other, as they come over its socket.
---
--- A task is a file of tasks/: a function of its options and of what it works on. One of models is a table instead:
---
---     return {batch = function(options, list, models) … return results end}       results[i]: a table, or {problem = …}
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local worker = {}

---@class moonlark.server.Work
---@field song {id: string, name: string, rate: integer, channels: integer, frames: integer, duration: number, tags: table?}
---@field sound string  the decoded file: a WAV of floats, all channels at their own rate
---@field folder string  the song's folder: files that the task makes go there
---@field say fun(done: number, stage: string)  how far it is, 0 .. 1

local IDLE, DAY = 1, 86400 -- seconds

local function send(peer, message) peer:send(json.encode(message), true) end

-- The answer to one song of an order.
local function answer(peer, place, result, problem)
  if problem then return send(peer, {place = place, problem = problem}) end
  local fine, text = pcall(json.encode, result or {})
  if fine then
    peer:send(('{"place":%d}\n%s'):format(place, text), true) -- the result in a line of its own: it is handed on unread
  else
    send(peer, {place = place, problem = {status = 500, kind = "failed", detail = tostring(text)}})
  end
end

-- What a task raised, as a problem.
local function problem_of(raised)
  if type(raised) == "table" and raised.detail then
    return {status = raised.status or 422, kind = raised.kind or "failed", detail = raised.detail}
  end
  return {status = 422, kind = "failed", detail = tostring(raised)}
end

local function about_of(peer, place, song)
  local function say(done, stage) send(peer, {place = place, done = done, stage = stage}) end
  if song == json.null then return {say = say} end
  return {song = song, sound = song.sound, folder = song.folder, say = say}
end

local own = {} -- tasks of the service's owner by name

-- A task by its name.
local function task_of(name)
  if own[name] then return own[name] end
  if not name:find "^[%l%d_]+$" or not package.searchpath("moonlark.server.tasks." .. name, package.path) then
    error({status = 404, kind = "unknown", detail = show.format("there is no task %s", name)}, 0)
  end
  return require("moonlark.server.tasks." .. name)
end

-- Loads the tasks of a folder.
local function take_own(folder)
  for _, name in ipairs(folder and files.list(folder) or {}) do
    local stem, ending = files.stem(name)
    if ending == ".lua" then own[stem] = dofile(files.join(folder, name)) end
  end
end

local function do_one(peer, place, order, about)
  local fine, result = pcall(task_of(order.task), order.options, about)
  answer(peer, place, fine and result, not fine and problem_of(result) or nil)
end

-- A batch; where it fails, one by one, so that the one at fault is alone with it.
local function do_batch(peer, task, order, list, models)
  local fine, results = pcall(task.batch, order.options, list, models)
  if not fine and #list > 1 then
    results = {}
    for i, about in ipairs(list) do
      local ok, one = pcall(task.batch, order.options, {about}, models)
      results[i] = ok and one[1] or {problem = problem_of(one)}
    end
  elseif not fine then
    results = {{problem = problem_of(results)}}
  end
  for i, result in ipairs(results) do answer(peer, i, result, result.problem) end
end

local function follow(peer, order, models)
  local list = {}
  for i, song in ipairs(order.songs) do list[i] = about_of(peer, i, song) end
  local fine, task = pcall(task_of, order.task)
  if not fine then
    for i in ipairs(list) do answer(peer, i, nil, problem_of(task)) end
  elseif type(task) == "table" then
    do_batch(peer, task, order, list, models)
  else
    do_one(peer, 1, order, list[1])
  end
end

-- The next message; nil once nobody talks any more. Who waits for longer gives back what was used up.
local function listen(peer)
  local patience = IDLE
  while true do
    local text, over = peer:receive()
    if text then return json.decode(text) end
    if over then return nil end
    local came = core.process.poll({peer:descriptor()}, patience)
    if #came == 0 and patience == IDLE then
      collectgarbage()
      require "moonlark.torch".empty_cache()
      patience = DAY
    end
  end
end

--- Works until the process that started this one is gone.
---     moonlark -e "require('moonlark.server.worker').run()"        -- started by the pool, not by people
function worker.run()
  local peer = core.process.parent()
  local settings, models = listen(peer), nil
  if not settings then return end
  local torch = require "moonlark.torch"
  torch.set_num_threads(math.min(math.tointeger(settings.threads), torch.get_num_threads())) -- its share of the cores
  take_own(settings.tasks)
  if settings.kind == "model" then
    models = require "moonlark.server.models".open(settings.models, settings)
  end
  send(peer, {ready = true, models = models and models:plain()})
  for order in listen, peer do
    follow(peer, order, models)
    collectgarbage()
  end
end

return worker
