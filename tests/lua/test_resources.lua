-- What the machine lacks (memory, room on a disk, open files) is said as what it is, and no sound is blamed for it.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"

local place

-- Runs a line of shell in the temporary folder; $0 is the program.
local function shell(line)
  local result = assert(core.process.run({"sh", "-c", line, lib.program}, 120, place,
    {"MOONLARK_CACHE=" .. place .. "/cache"}))
  result.all = result.out .. result.err
  return result
end

TestResources = {}

lib.in_folder({TestResources}, function(folder)
  place = folder
  for i = 1, 40 do
    lib.write_tone(("%s/songs/%s/%d.wav"):format(place, i % 2 == 0 and "a" or "b", i), 6000, 100 + 20 * i)
  end
end)

function TestResources:test_output_that_cannot_be_written_fails()
  for _, line in ipairs {'"$0" doctor', '"$0" doctor --json', '"$0" --version', '"$0" index --help',
      [["$0" -e 'print(1)']], [["$0" -e 'io.write(("x"):rep(1e5))']], '"$0" index songs'} do
    local result = shell(line .. " > /dev/full")
    lu.assertEquals(result.code, 1, line)
    lu.assertStrContains(result.err, "cannot write to standard output: no room left on the device", line)
  end
end

function TestResources:test_a_reader_that_left_is_no_failure()
  local result = shell [[trap '' PIPE; { "$0" -e 'for i = 1, 1e5 do print(i) end'; echo "code $?" >&2; } | head -1]]
  lu.assertEquals(result.err, "code 0\n")
  result = shell [[trap - PIPE; "$0" -e 'for i = 1, 1e5 do print(i) end' | head -1]]
  lu.assertEquals({result.out, result.err}, {"1\n", ""})
end

function TestResources:test_few_open_files_are_enough_or_named()
  for limit = 8, 24 do
    local result = shell((
      [[rm -rf o cache; ulimit -n %d; "$0" extract songs --features rms --pool mean --workers 16 --out o]])
      :format(limit))
    lu.assertNotStrContains(result.err, "rejected", result.all)
    if result.code ~= 0 then
      lu.assertStrContains(result.err:lower(), "too many open files", limit)
      lu.assertNil(files.kind(place .. "/o/rejected.csv"))
    end
  end
  lu.assertEquals(shell(
    [[rm -rf o; ulimit -n 20; "$0" extract songs --features rms --pool mean --out o --workers 16]]).code, 0)
end

function TestResources:test_a_full_disk_ends_the_job()
  if shell("mkdir full && mount -t tmpfs -o size=128k none full").code ~= 0 then
    print "no small disk can be mounted here: a full one is not tried"
    return
  end
  local _ <close> = setmetatable({}, {__close = function() shell "umount full" end})
  for _, format in ipairs {"safetensors", "npy", "csv", "npz", "h5"} do
    if format ~= "h5" or core.system.libraries().HDF5 then
      local result = shell(([["$0" extract songs --features mel --format %s --out full --workers 2]]):format(format))
      lu.assertEquals(result.code, 1, result.all)
      lu.assertStrContains(result.err, "no room left on the device", result.all)
      lu.assertEquals(select(2, result.err:gsub("no room left", "")), 1, result.all)
      lu.assertNotStrContains(result.err, "rejected", result.all)
      lu.assertEquals(shell("find full -name '*.tmp' -o -size 0 -type f").out, "")
      shell "rm -rf full/*"
    end
  end
  shell "head -c 200k /dev/zero > full/filler 2>/dev/null"
  for _, format in ipairs {"safetensors", "npy", "csv", "jsonl", "arff", "h5"} do
    if format ~= "h5" or core.system.libraries().HDF5 then
      local result = shell(([["$0" extract songs --features mfcc --pool mean --format %s --out full]]):format(format))
      lu.assertEquals(result.code, 1, result.all)
      lu.assertStrContains(result.err, "no room left on the device", result.all)
    end
  end
  lu.assertEquals(shell("ls full").out, "filler\n")
  for _, line in ipairs {[["$0" index songs --out full/i.json]],
      [["$0" -e 'local a = require "moonlark.audio"; a.save("full/x.wav", a.load "songs/a/2.wav")']]} do
    local result = shell(line)
    lu.assertEquals(result.code, 1)
    lu.assertStrContains(result.err, "no room left on the device", result.all)
  end
  lu.assertEquals(shell("ls full").out, "filler\n")
end

function TestResources:test_results_that_the_cache_cannot_keep_are_told_once_with_the_reason()
  if shell("mkdir full && mount -t tmpfs -o size=64k none full && mkdir full/features").code ~= 0 then
    print "no small disk can be mounted here: a full cache is not tried"
    return
  end
  local _ <close> = setmetatable({}, {__close = function() shell "umount full" end})
  shell "head -c 200k /dev/zero > full/filler 2>/dev/null"
  for _, line in ipairs {[["$0" extract songs --features mel --pool mean --out o --cache full]],
      [["$0" extract songs --features mel --out p --cache full]],
      [["$0" -e 'local b = require "moonlark.dataset".folder("songs"):batches {feature = "mel", segment = 0.2,
        cache = "full", progress = false} b:statistics() b:statistics()']]} do
    local result = shell(line)
    lu.assertEquals(result.code, 0, result.all)
    local words = "40 results could not be kept in the cache full: no room left on the device: "
    lu.assertEquals(select(2, result.err:gsub(words, "")), 1, result.all)
  end
end

function TestResources:test_libtorch_without_memory()
  if lib.program:find "asan" or lib.program:find "tsan" then
    print "sanitizers need all addresses: ulimit -v is not tried"
    return
  end
  for _, limit in ipairs {200000, 300000, 400000, 500000} do
    local result = shell(([[ulimit -v %d; "$0" -e 'require "moonlark.torch"']]):format(limit))
    if result.code ~= 0 then
      lu.assertStrContains(result.err, "libtorch could not be loaded: ")
      lu.assertNil(result.err:find "not installed")
    end
  end
  local result = shell [[ulimit -v 400000; "$0" doctor]]
  lu.assertEquals(result.code, 1, result.all)
  lu.assertStrContains(result.out, "libtorch could not be loaded: ")
end

lib.run()
