--- Judging: what each task of `moonlark score` reads from files, and how it is judged.
local annotation = require "moonlark.annotation"
local audio = require "moonlark.audio"
local comparison = require "moonlark.metrics.comparison"
local files = require "moonlark.base.files"
local metrics = require "moonlark.metrics"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"

local judging = {}

-- Sounds of a folder, by their name without its ending.
local function stems_of(folder)
  local stems = {}
  for _, name in ipairs((scan.sounds(folder))) do
    local path, stem = scan.join(folder, name), files.stem(select(2, files.split(name)))
    if stems[stem] then show.fail("%s and %s have the same name", stems[stem], path) end
    stems[stem] = path
  end
  if not next(stems) then show.fail("%s holds no sounds", folder) end
  return stems
end

-- The sources of a song: a folder of sounds that have the same names in both.
local function of_separation(reference, estimate)
  local truth, made, names, a, b = stems_of(reference), stems_of(estimate), {}, {}, {}
  for name in pairs(truth) do names[#names + 1] = name end
  table.sort(names)
  local how = {rate = "native", mono = false}
  for i, name in ipairs(names) do
    if not made[name] then show.fail("%s holds no sound of the name %s", estimate, show.name(name)) end
    a[i], b[i] = audio.load(truth[name], how), audio.load(made[name], how)
    if a[i].rate ~= b[i].rate then
      show.fail("%s has %g samples a second, and %s %g", truth[name], a[i].rate, made[name], b[i].rate)
    end
  end
  return metrics.separation.evaluate(a, b)
end

-- Times and Hz: two numbers a line, such as MIREX has them; a first line may name them.
local function melody_of(path)
  local made, n = {times = {}, hz = {}}, 0
  for line in files.read(path):gmatch "[^\r\n]+" do
    n = n + 1
    local time, hz = line:match "^%s*([^%s,;]+)[%s,;]+([^%s,;]+)%s*$"
    time, hz = tonumber(time), tonumber(hz)
    if time and hz then
      table.insert(made.times, time)
      table.insert(made.hz, hz)
    elseif n > 1 or not line:find "%a" then
      show.fail("%s, line %d: there must be a time and a frequency, got '%s'", path, n, line)
    end
  end
  return made
end

-- What is no annotation.
local others = {
  melody = {first = "Overall Accuracy", score = function(reference, estimate)
    return metrics.melody.evaluate(melody_of(reference), melody_of(estimate))
  end},
  separation = {first = "SDR", folders = true, score = of_separation},
}

--- The tasks that there are.
judging.tasks = table.move(comparison.names, 1, #comparison.names, 1, {})
table.move({"melody", "separation"}, 1, 2, #judging.tasks + 1, judging.tasks)

--- The endings of a task's files; nil where a song is a folder of sounds.
---     local endings = judging.endings "beats"
---@param task string
---@return string[]?
function judging.endings(task)
  if not others[task] then return annotation.endings end
  return not others[task].folders and {".csv", ".txt", ".tsv", ".f0"} or nil
end

--- The figures of one song. Errors: a file that cannot be read, or holds nothing of the kind.
---     print(judging.score("beats", "truth.jams", "made.beats")["F-measure"])
---@param task string
---@param reference string  path
---@param estimate string  path
---@return moonlark.metrics.Figures
function judging.score(task, reference, estimate)
  if others[task] then return comparison.figures(others[task].score(reference, estimate), others[task].first) end
  local kind = {kind = comparison.tasks[task].kind}
  return comparison.compare(annotation.load(reference, kind), annotation.load(estimate, kind), task)
end

return judging
