--- Kills what writes at random moments: everything that lies there afterwards is whole, and the next run ends as if
--- nothing had been.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local programs = require "programs"
local random = require "random"

local kills = {}

-- A share of the kills, the command, what it writes, and what is ready before. `same`: undisturbed runs write the
-- same bytes there.
local writers = {
  {name = "extract, frames", share = 0.25, same = "out",
    line = "extract songs --features mel,mfcc --format npz --out out"},
  {name = "extract, a table", share = 0.2, same = "out",
    line = "extract songs --features mfcc --pool mean,std --format csv --out out"},
  {name = "features", share = 0.15, same = "out", keep = true,
    line = "features songs/low/1.wav --features mel,mfcc --out out/song.safetensors"},
  {name = "merge", share = 0.2, same = "out", keep = true, line = "merge out --format npy",
    before = {"extract songs --features mfcc --pool mean --shard 1/2 --out out",
      "extract songs --features mfcc --pool mean --shard 2/2 --out out"}},
  {name = "train", share = 0.2, same = "out/model.safetensors", keep = true, resumes = true,
    line = "train songs --model mlp --epochs 6 --patience 6 --run out --device cpu"},
}

local function prepare(folder, writer)
  files.remove(folder .. "/out")
  files.remove(folder .. "/cache")
  if writer.name == "features" or writer.before then files.mkdirs(folder .. "/out") end
  for _, line in ipairs(writer.before or {}) do
    local made = programs.run(folder, line)
    assert(made.code == 0, made.err)
  end
end

-- What a run is started with after one that was killed.
local function again(folder, writer)
  if not writer.resumes or not files.exists(folder .. "/out") then return writer.line end
  return writer.line .. (files.exists(folder .. "/out/checkpoint.safetensors") and " --resume" or " --overwrite")
end

local function content_of(path)
  return files.kind(path) == "directory" and programs.content(path) or {[""] = files.read(path)}
end

local function difference(a, b)
  for name, text in pairs(a) do
    if not b[name] then return "misses " .. name end
    if b[name] ~= text then return "another " .. name end
  end
  for name in pairs(b) do
    if not a[name] then return "has " .. name .. " too" end
  end
end

local function try(folder, writer, n, find)
  prepare(folder, writer)
  local clock = core.system.clock()
  local calm = programs.run(folder, writer.line)
  local seconds = core.system.clock() - clock
  if calm.code ~= 0 then return find(writer.name, "fails undisturbed: " .. calm.err) end
  local wanted = content_of(folder .. "/" .. writer.same)
  local dice, finished = random.new(writer.name), 0
  prepare(folder, writer)
  for i = 1, n do
    local after = 0.02 + dice:uniform() * seconds
    local killed = programs.run(folder, again(folder, writer), after)
    if not killed.timed_out then
      finished = finished + 1
      -- What a kill left must not stand in the way of the next run.
      if killed.code ~= 0 then
        find(writer.name, ("kill %d: the next run fails: %s"):format(i, killed.err:sub(-300)))
      end
      if killed.code ~= 0 or writer.resumes then prepare(folder, writer) end
    end
    for _, what in ipairs(programs.not_whole(folder .. "/out")) do
      find(writer.name, ("kill %d, after %.3f s: %s"):format(i, after, what))
    end
    if not writer.keep and i % 5 == 0 then prepare(folder, writer) end
  end
  local last = programs.run(folder, again(folder, writer))
  if last.code ~= 0 then return find(writer.name, "fails after the kills: " .. last.err:sub(-300)) end
  local differs = difference(wanted, content_of(folder .. "/" .. writer.same))
  if differs then find(writer.name, "after the kills " .. differs) end
  return finished
end

--- Kills n times. `finished` runs were over before they were killed.
---@param n integer
---@return {count: integer, finished: integer, findings: {id: string, what: string}[]}
function kills.run(n)
  local total = {count = 0, finished = 0, findings = {}}
  local function find(id, what) table.insert(total.findings, {id = id, what = what}) end
  local folder = files.temporary_folder()
  programs.write_songs(folder, 6)
  for _, writer in ipairs(writers) do
    local times = math.floor(n * writer.share + 0.5)
    total.finished = total.finished + (try(folder, writer, times, find) or 0)
    total.count = total.count + times
  end
  files.remove(folder)
  return total
end

return kills
