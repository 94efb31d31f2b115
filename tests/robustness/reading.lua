--- Reads many files, good and damaged, in processes of their own, and judges what came of it.
---
--- A finding is a crash, a sanitizer's report, a leak, a file that takes too long or too much memory, an error in
--- words that say nothing to a person, a part that is no part of the whole, or a length that is not ffmpeg's.
local core = require "moonlark_core"
local files = require "moonlark.base.files"

local reading = {}

local BATCH = 100      -- files a process
local CPU_S = 20       -- for one file, under the sanitizers
local STALL_S = 300    -- for all files of a process
local PEAK_MB = 400    -- for one file of a second
local SHORTER_S = 0.15 -- than ffmpeg's; frames of codecs are up to 0.093 s

-- Words that mean nothing to a person.
local empty_words = {"%.lua:%d", "attempt to", "9223372036854775807", "9223372036854775808", "nil value",
  "bad argument", "%c", "INFO FAILS", "PART FAILS", "PART OF ANOTHER LENGTH", "JOB FAILS", "INTERNAL"}

local function fault_of(fields)
  local _, _, verdict, seconds, theirs, peak, cpu, message = table.unpack(fields)
  seconds, theirs = tonumber(seconds), tonumber(theirs)
  for _, words in ipairs(empty_words) do
    if message:find(words) then return message end
  end
  if verdict == "refused" and message == "" then return "refused without a word" end
  if tonumber(peak) > PEAK_MB then return ("takes %s MB"):format(peak) end
  if tonumber(cpu) > CPU_S then return ("takes %s s"):format(cpu) end
  if theirs and theirs - seconds > SHORTER_S then
    return ("loads %.3f s, where ffmpeg has %.3f s and no fault"):format(seconds, theirs)
  end
  if theirs and seconds - theirs > SHORTER_S then
    return ("loads %.3f s, more than ffmpeg's %.3f s"):format(seconds, theirs)
  end
end

-- What the sanitizers or the kernel said, in a line.
local function death_of(result)
  if result.timed_out then return ("no end after %d s"):format(STALL_S) end
  local report = result.err:match "SUMMARY: ([^\n]*)" or result.err:match "runtime error: ([^\n]*)"
  return report or ("ended by signal %d, exit code %d: %s"):format(result.signal, result.code, result.err:sub(-200))
end

local function field(line)
  local fields = {}
  for text in (line .. "\t"):gmatch "([^\t]*)\t" do fields[#fields + 1] = text end
  return fields
end

--- Reads all jobs. Each finding has the id of its file and what is wrong.
---@param jobs {id: string, path: string}[]  an id "FORMAT:NUMBER" is that mutant of the file
---@param settings {ffmpeg: boolean, batch: integer?, progress: fun(done: integer, findings: integer)?}
---@return {files: integer, accepted: integer, refused: integer, compared: integer, findings: table}
function reading.run(jobs, settings)
  local here = arg[0]:match "^(.*)/" or "."
  local program = files.join(os.getenv "MOONLARK_TEST_BUILD" or "build/asan", "bin/moonlark")
  local total = {files = #jobs, accepted = 0, refused = 0, compared = 0, findings = {}}
  local function find(id, what) table.insert(total.findings, {id = id, what = what}) end

  local at = 1
  while at <= #jobs do
    local folder = files.temporary_folder()
    local last = math.min(at + (settings.batch or BATCH) - 1, #jobs)
    local lines = {}
    for i = at, last do lines[#lines + 1] = jobs[i].id .. "\t" .. jobs[i].path .. "\n" end
    files.write(folder .. "/list", table.concat(lines))
    local result = assert(core.process.run({program, here .. "/decode.lua", folder .. "/list", folder,
      settings.ffmpeg and "ffmpeg" or "none"}, STALL_S, nil, {"MOONLARK_CACHE="}))
    local begun, ended = nil, 0
    for line in result.out:gmatch "[^\n]+" do
      local fields = field(line)
      local kind, id = fields[1], fields[2]
      if kind == "begin" then
        begun = id
      elseif kind == "end" then
        if id ~= "job" then
          total[fields[3]] = total[fields[3]] + 1
          ended = ended + 1
        end
        if fields[5] ~= "" then total.compared = total.compared + 1 end
        local fault = fault_of(fields)
        if fault then find(id, fault) end
      elseif kind == "differs" then
        find(id, fields[3] == "" and "a job accepts it, loading does not"
          or "a job rejects it, loading does not: " .. fields[3])
      elseif kind == "leak" then
        find(jobs[at].id .. " to " .. jobs[last].id, id)
      elseif kind == "done" then
        begun = nil
      end
    end
    if begun == "job" then
      find(jobs[at].id .. " to " .. jobs[last].id, "in one job: " .. death_of(result))
    elseif begun then
      find(begun, death_of(result))
      last = at + ended -- the next process goes on behind it
    elseif result.code ~= 0 or result.signal ~= 0 then
      find(jobs[at].id .. " to " .. jobs[last].id, "at the end: " .. death_of(result))
    end
    files.remove(folder)
    at = last + 1
    if settings.progress then settings.progress(last, #total.findings) end
  end
  return total
end

--- Jobs for `count` mutants spread over all originals, those of each numbered from `first` on.
---@param made {name: string, path: string}[]
---@param count integer
---@param first integer?  default 0: the file as it was comes first
---@return {id: string, path: string}[]
function reading.mutants(made, count, first)
  local jobs = {}
  for i = 0, count - 1 do
    local original = made[i % #made + 1]
    jobs[#jobs + 1] = {id = ("%s:%d"):format(original.name, (first or 0) + i // #made), path = original.path}
  end
  return jobs
end

return reading
