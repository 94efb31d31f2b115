--- Full disks and bare environments.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local programs = require "programs"

local rooms = {}

local function total_of() return {count = 0, accepted = 0, refused = 0, findings = {}} end

local lines = {
  "extract songs --features mel,mfcc --out disk/frames",
  "extract songs --features mfcc --pool mean --format csv --out disk/table",
  "extract songs --features mfcc --pool mean --format h5 --out disk/h5",
  "features songs/low/1.wav --features mel --out disk/song.npz",
  "features songs/low/1.wav --features mel --out disk/song.csv", "index songs -o disk/index.json",
  "train songs --model mlp --epochs 2 --run disk/run --device cpu", "cluster songs --run disk/groups",
}

--- Runs what writes on disks of several sizes, all too small for something. Needs root, for the file systems.
---@return table? total  nil where no file system can be mounted
function rooms.full_disks()
  local total = total_of()
  local folder = files.temporary_folder()
  programs.write_songs(folder, 6)
  files.mkdirs(folder .. "/disk")
  for _, size in ipairs {"4k", "16k", "64k", "256k"} do
    for _, line in ipairs(lines) do
      local mounted = core.process.run {"mount", "-t", "tmpfs", "-o", "size=" .. size, "tmpfs", folder .. "/disk"}
      if not mounted or mounted.code ~= 0 then
        files.remove(folder)
        return nil
      end
      local result = programs.run(folder, line)
      local function find(what) table.insert(total.findings, {id = size .. " " .. line, what = what}) end
      total.count = total.count + 1
      total[result.code == 0 and "accepted" or "refused"] = total[result.code == 0 and "accepted" or "refused"] + 1
      local fault = programs.fault(result)
      if fault then
        find(fault)
      elseif result.code ~= 0 and not result.err:find "no room left on the device" then
        find("does not say that the disk is full: " .. result.err:sub(-300))
      end
      for _, what in ipairs(programs.not_whole(folder .. "/disk")) do find(what) end
      core.process.run {"umount", folder .. "/disk"}
    end
  end
  files.remove(folder)
  return total
end

--- Runs commands with nothing but PATH, with a HOME and a cache that cannot be written, and with a full terminal.
---@return table total
function rooms.bare()
  local total = total_of()
  local folder = files.temporary_folder()
  programs.write_songs(folder, 6)
  local path = "PATH=" .. (os.getenv "PATH" or "/usr/bin:/bin")
  local asan, lsan = os.getenv "ASAN_OPTIONS", os.getenv "LSAN_OPTIONS" -- of the measurement, not of the environment
  local environments = {
    {path}, {path, "HOME=" .. folder}, {path, "HOME=/dev/null/none"}, {path, "HOME=/dev/null"},
    {path, "LC_ALL=C", "HOME=" .. folder},
    {path, "LC_ALL=xx_YY.UTF-8", "HOME=" .. folder}, {path, "HOME=" .. folder, "MOONLARK_CACHE=/dev/null/cache"},
    {path, "HOME=" .. folder, "TERM=dumb"}, {path, "HOME="},
  }
  local commands = {
    "doctor", "features songs/low/1.wav --features mel --out one.npz",
    "extract songs --features mfcc --pool mean --out table",
    "classify songs --run run --models logistic --folds 2",
    "cluster songs --run groups", "train songs --model mlp --epochs 2 --run net",
    "index songs -o index.json",
  }
  for _, environment in ipairs(environments) do
    for _, command in ipairs(commands) do
      for _, made in ipairs {"one.npz", "table", "run", "groups", "net", "index.json"} do
        files.remove(folder .. "/" .. made)
      end
      local argv = {"env", "-i", table.unpack(environment)}
      if asan then argv[#argv + 1] = "ASAN_OPTIONS=" .. asan end
      if lsan then argv[#argv + 1] = "LSAN_OPTIONS=" .. lsan end
      argv[#argv + 1] = programs.moonlark
      for word in command:gmatch "%S+" do argv[#argv + 1] = word end
      local result = assert(core.process.run(argv, 300, folder))
      local id = table.concat(environment, " ", 2) .. " moonlark " .. command
      total.count = total.count + 1
      total[result.code == 0 and "accepted" or "refused"] = total[result.code == 0 and "accepted" or "refused"] + 1
      local fault = programs.fault(result)
        or result.code ~= 0 and ("exit code %d: %s"):format(result.code, result.err:sub(-300))
      if fault then table.insert(total.findings, {id = "env -i " .. id, what = fault}) end
    end
  end
  local full = assert(core.process.run {"sh", "-c", ("%q doctor > /dev/full"):format(programs.moonlark)})
  total.count = total.count + 1
  total[full.code == 0 and "accepted" or "refused"] = total[full.code == 0 and "accepted" or "refused"] + 1
  if full.code == 0 then
    table.insert(total.findings, {id = "moonlark doctor > /dev/full", what = "exit code 0, and nothing was written"})
  end
  files.remove(folder)
  return total
end

return rooms
