--- Reads each file of a list and prints what came of it, for reading.lua; dies with the reader if that dies.
---
---     moonlark decode.lua LIST FOLDER ffmpeg|none
---
--- A line of LIST is an id, a tab and a path. An id such as "flac:17" asks for that mutant of the file at the path,
--- which is made in FOLDER. A line "begin ID" comes before a file is touched, then its line
--- "end ID verdict seconds theirs peak_mb cpu_s message", separated by tabs. All files are then extracted from in one
--- job, which must accept the same ones.
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local audio = require "moonlark.audio"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local mutate = require "mutate"

local list, folder, ffmpeg = arg[1], arg[2], arg[3] == "ffmpeg"
local recipe = feature.recipe {features = {"rms"}, pool = {"mean"}}

local function say(...)
  print((table.concat({...}, "\t"):gsub("[\n\r]", " ")))
  io.stdout:flush()
end

-- Megabytes in use, and the most since the last reset.
local function memory()
  local status = files.read "/proc/self/status"
  return tonumber(status:match "VmRSS:%s+(%d+)") / 1024, tonumber(status:match "VmHWM:%s+(%d+)") / 1024
end

local function reset_peak()
  local refs = io.open("/proc/self/clear_refs", "w")
  if refs then refs:write "5" refs:close() end
end

local function descriptors()
  local n = 0
  for _ in lfs.dir "/proc/self/fd" do n = n + 1 end
  return n
end

-- Seconds that ffmpeg decodes, or nil where it finds fault, or cannot say.
local function their_seconds(path, rate)
  if not ffmpeg or rate < 1000 or rate > 384000 then return nil end
  local out = files.join(folder, "theirs")
  local result = core.process.run({"ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "file:" .. path, "-map", "0:a:0",
    "-f", "s16le", "-ac", "1", "-ar", ("%d"):format(rate), "-fs", "64M", out}, 30)
  local size = lfs.attributes(out, "size")
  files.remove(out)
  if not result or result.code ~= 0 or result.err ~= "" or not size then return nil end
  return size / 2 / rate
end

local function read(path)
  local info_ok, info = pcall(audio.info, path)
  local ok, wave = pcall(audio.load, path, {rate = "native"})
  if not ok then return nil, tostring(wave) end
  -- What is said before decoding must not be what decoding dies of.
  if not info_ok then return nil, "INFO FAILS: " .. tostring(info) end
  local seconds = wave:frames() / wave.rate
  local start = seconds / 3
  local part_ok, part = pcall(audio.load, path, {rate = "native", start = start, duration = 0.1})
  local wanted = math.min(math.floor(0.1 * wave.rate), wave:frames() - math.floor(start * wave.rate))
  if not part_ok then return nil, "PART FAILS: " .. tostring(part), seconds, wave.rate end
  if math.abs(part:frames() - wanted) > 1 then
    return nil, ("PART OF ANOTHER LENGTH: %d frames, not %d"):format(part:frames(), wanted), seconds, wave.rate
  end
  return seconds, nil, seconds, wave.rate
end

local jobs, paths, verdicts = {}, {}, {}
for line in io.lines(list) do
  local id, path = line:match "^([^\t]*)\t(.*)$"
  jobs[#jobs + 1] = {id = id, path = path}
end

local other
local open_before
for i, job in ipairs(jobs) do
  local path = job.path
  if job.id:match ":%d+$" then
    other = other or files.read(files.join((files.split(path)), "wav_pcm16.wav"))
    path = files.join(folder, job.id:gsub(":", "-") .. path:match "%.%w+$")
    local file = assert(io.open(path, "wb"))
    file:write(mutate.bytes(job.id, files.read(job.path), other))
    file:close()
  end
  paths[i] = path
  say("begin", job.id)
  collectgarbage()
  reset_peak()
  local used, clock = memory(), os.clock()
  local seconds, message, whole, rate = read(path)
  local _, peak = memory()
  local cpu = os.clock() - clock
  verdicts[i] = (whole or 0) > 0 -- a job has no use for a file of no sound
  local theirs = whole and their_seconds(path, rate)
  say("end", job.id, seconds and "accepted" or "refused", whole and ("%.4f"):format(whole) or "", theirs and
    ("%.4f"):format(theirs) or "", ("%.0f"):format(peak - used), ("%.2f"):format(cpu), message or "")
  if i == 1 then open_before = descriptors() end -- libraries are open by now
end
if descriptors() > open_before + 3 then say("leak", ("%d files are still open"):format(descriptors() - open_before)) end

say "begin\tjob"
local songs = dataset.files(paths)
local ok, result = pcall(songs.extract, songs, recipe, {workers = 2, progress = false})
local rejected = {}
if ok then
  for _, bad in ipairs(result.rejected) do rejected[bad.path] = bad.reason end
elseif not tostring(result):find "none of the files" then
  say("end", "job", "refused", "", "", "0", "0", "JOB FAILS: " .. tostring(result))
end
for i, job in ipairs(jobs) do
  local reason = rejected[paths[i]]
  if ok and verdicts[i] == (reason ~= nil) then say("differs", job.id, reason or "") end
  if paths[i] ~= job.path then files.remove(paths[i]) end
end
say "done"
