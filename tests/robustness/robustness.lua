--- The long measurement, of minutes: files of public test sets, mutants of every format, kills, hostile names, full
--- disks, bare environments. README.md says how to run it and what counts as a finding.
---
---     moonlark robustness.lua [--mutants 10000] [--kills 400] [--only sets|mutants|kills|names|disks|bare]
---     moonlark robustness.lua --mutant flac:17        one mutant again; it stays, and its path is printed
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. here .. "/../lua/?.lua;" .. package.path

local core = require "moonlark_core"
local files = require "moonlark.base.files"
local originals = require "originals"
local reading = require "reading"

local settings = {mutants = 10000, kills = 400}
for i, word in ipairs(arg) do
  local name = word:match "^%-%-(%a+)$"
  if name then settings[name] = tonumber(arg[i + 1]) or arg[i + 1] or true end
end

local has_ffmpeg = core.process.run {"ffmpeg", "-version"} ~= nil
local rows, findings, skipped = {}, 0, {}

local function row(what, total, note)
  rows[#rows + 1] = ("| %s | %d | %s | %s | %d |"):format(what, total.files or total.count, total.accepted or "",
    total.refused or "", #total.findings)
  findings = findings + #total.findings
  if note then print(note) end
  for _, finding in ipairs(total.findings) do print(("  finding: %s: %s"):format(finding.id, finding.what)) end
end

local function wanted(part) return not settings.only or settings.only == part end

-- One mutant, as in the measurement, and where it lies.
if settings.mutant then
  local mutate = require "mutate"
  local folder = files.temporary_folder()
  local name = settings.mutant:match "^(.*):%d+$"
  for _, original in ipairs(originals.write(folder, has_ffmpeg)) do
    if original.name == name then
      local path = files.join(os.getenv "TMPDIR" or "/tmp", "mutant-" .. settings.mutant:gsub(":", "-")
        .. original.path:match "%.%w+$") -- outside of the folder, which goes
      local other = files.read(folder .. "/wav_pcm16.wav")
      files.write(path, mutate.bytes(settings.mutant, files.read(original.path), other))
      print(path)
      local jobs = {{id = "it", path = path}, {id = "a good one", path = original.path}}
      local total = reading.run(jobs, {ffmpeg = has_ffmpeg})
      for _, finding in ipairs(total.findings) do print(finding.what) end
      os.exit(#total.findings == 0 and 0 or 1, true)
    end
  end
  error("there is no original named " .. tostring(name), 0)
end

if wanted "sets" then
  local jobs = {}
  for _, set in ipairs {"esc10", "music", "odd", "reports"} do
    local folder = "../shared/data/" .. set
    if not files.exists(folder) then skipped[#skipped + 1] = folder end
    for _, path in ipairs(files.exists(folder) and files.tree(folder) or {}) do
      if not path:find "%.md$" and not path:find "%.txt$" and not path:find "%.json$" and not path:find "LICENSE" then
        jobs[#jobs + 1] = {id = path, path = path}
      end
    end
  end
  if #jobs > 0 then row("files of public test sets", reading.run(jobs, {ffmpeg = has_ffmpeg})) end
end

if wanted "mutants" then
  local folder = files.temporary_folder()
  local made, left_out = originals.write(folder, has_ffmpeg)
  if #left_out > 0 then skipped[#skipped + 1] = "formats " .. table.concat(left_out, ", ") end
  local function progress(done, found)
    io.stderr:write(("\r%d of %d mutants, %d findings "):format(done, settings.mutants, found))
  end
  local total = reading.run(reading.mutants(made, settings.mutants), {ffmpeg = has_ffmpeg, progress = progress})
  io.stderr:write "\n"
  files.remove(folder)
  row(("mutants of %d formats"):format(#made), total,
    has_ffmpeg and ("lengths of %d accepted mutants were compared with ffmpeg's"):format(total.compared))
end

if wanted "kills" then
  local total = require "kills".run(settings.kills)
  row("kills of extract, features, merge, train", total, ("%d runs were over before their kill"):format(total.finished))
end
if wanted "names" then row("hostile names", require "names".run()) end
if wanted "disks" then
  local total = require "rooms".full_disks()
  if total then row("full disks", total) else skipped[#skipped + 1] = "full disks (needs root)" end
end
if wanted "bare" then row("bare environments", require "rooms".bare()) end

if not has_ffmpeg then skipped[#skipped + 1] = "lengths beside ffmpeg's" end
for _, what in ipairs(skipped) do print("skipped: " .. what) end
print "\n| what | how many | accepted | refused, with the reason | findings |\n|---|--:|--:|--:|--:|"
print(table.concat(rows, "\n"))
os.exit(findings == 0 and 0 or 1, true)
