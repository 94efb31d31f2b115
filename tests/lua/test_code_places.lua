-- Where code comes from: Moonlark's own folders, the system's and the script's, never the folder in which one stands.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lfs = require "lfs"

local place

-- Runs the program in a folder below `place`.
local function moonlark(folder, arguments, environment)
  local all = {"MOONLARK_CACHE="}
  for _, setting in ipairs(environment or {}) do all[#all + 1] = setting end
  return lib.moonlark(files.join(place, folder), all, table.unpack(arguments))
end

local function write(path, text) lib.write(files.join(place, path), text) end

local trap = "io.stderr:write 'TRAP' os.exit(99)\n"

-- Names of all modules and shared libraries that this process has, with those of plots and tensors.
local function loaded()
  require("moonlark.torch").zeros {2}
  require "moonlark.plot"
  for _, name in ipairs {"cjson", "argparse", "moonlark.shell.command", "moonlark.network"} do require(name) end
  core.system.libraries()
  local modules, libraries = {}, {}
  for name in pairs(package.loaded) do modules[#modules + 1] = name end
  for line in io.lines "/proc/self/maps" do
    local name = line:match "/([^/]+%.so[%d.]*)$"
    if name then libraries[name] = true end
    -- The name by which others ask for it has fewer numbers: libx.so.1 of libx.so.1.2.3.
    while name and name:find "%.%d+$" do
      name = name:gsub("%.%d+$", "")
      libraries[name] = true
    end
  end
  return modules, libraries
end

local function set_traps(folder)
  local modules, libraries = loaded()
  for _, name in ipairs(modules) do
    local path = files.join(folder, (name:gsub("%.", "/")))
    write(path .. ".lua", trap)
    write(path .. "/init.lua", trap)
    write(path .. ".so", "no library")
  end
  for name in pairs(libraries) do write(files.join(folder, name), "no library") end
  for _, entry in ipairs(require("moonlark.shell.command").list()) do write(files.join(folder, entry.name), trap) end
  for _, name in ipairs {".gnuplot", "gnuplotrc", ".inputrc"} do write(files.join(folder, name), "exit status 99\n") end
  for _, name in ipairs {"gnuplot", "fc-list", "ffmpeg", "sh"} do
    write(files.join(folder, name), "#!/bin/sh\necho TRAP >&2\nexit 99\n")
    os.execute(("chmod +x '%s'"):format(files.join(place, folder, name)))
  end
end

TestPlaces = {}

lib.in_folder({TestPlaces}, function(folder) place = folder end)

function TestPlaces:test_nothing_that_lies_in_the_current_folder_runs()
  set_traps "traps"
  for _, words in ipairs {
    {"corpus", "songs", "--clips", "6", "--seconds", "1", "--styles", "jazz,metal", "--workers", "2"},
    {"index", "songs"},
    {"extract", "dataset_index.json", "--features", "mfcc", "--pool", "mean", "--out", "vectors", "--format", "h5"},
    {"classify", "songs", "--features", "mfcc", "--models", "knn", "--folds", "2", "--run", "judged"},
    {"-e", "t = require 'moonlark.torch' print((t.ones {2, 2}:matmul(t.ones {2, 2})):sum():item())"},
    {"-l", "base.json", "-e", "print(json.encode(json.decode '[1]'))"},
    {"doctor"}, {"--help"}, {"-v"},
  } do
    local result = moonlark("traps", words)
    local line = table.concat(words, " ")
    lu.assertNotStrContains(result.out .. result.err, "TRAP", line)
    lu.assertEquals(result.code, 0, line .. ": " .. result.err)
  end
  lu.assertTrue(files.exists(files.join(place, "traps/judged/plots/confusion.png")))
end

function TestPlaces:test_a_commands_name_comes_before_a_files()
  write("index", "print('the file', ...)")
  write("other", "print('other', ...)")
  write("other.lua", "print('other.lua', ...)")
  lu.assertStrContains(moonlark("", {"index", "--help"}).out, "Usage: moonlark index")
  lu.assertEquals(moonlark("", {"./index", "x"}).out, "the file\tx\n")
  lu.assertEquals(moonlark("", {"other", "x"}).out, "other\tx\n")
  lu.assertEquals(moonlark("", {"other.lua", "x"}).out, "other.lua\tx\n")
end

function TestPlaces:test_paths_name_no_relative_folder()
  local out = moonlark("", {"-e", "print(package.path) print(package.cpath)"},
    {"LUA_PATH=/x/?.lua;;", "LUA_CPATH="}).out
  for entry in out:gmatch "[^;\n]+" do lu.assertStrMatches(entry, "/.*") end
  lu.assertStrContains(out, ";/x/?.lua;")
  lu.assertNotStrContains(out, ";;")
end

function TestPlaces:test_a_script_finds_its_neighbours_wherever_it_is_called_from()
  write("mine/run.lua", "print(require 'tools', require 'kit', require 'kit.part', pcall(require, 'beside'))")
  write("mine/tools.lua", "return 'tools'")
  write("mine/kit/init.lua", "return 'kit'")
  write("mine/kit/part.lua", "return 'part'")
  write("away/beside.lua", trap)
  write("away/tools.lua", trap)
  write("mine/json.lua", "return 'no JSON'") -- of a module's name in Moonlark's folder, but not in it
  for _, script in ipairs {"../mine/run.lua", place .. "/mine/run.lua"} do
    local result = moonlark("away", {script})
    lu.assertStrContains(result.out, "tools\tkit\tpart\tfalse\tmodule 'beside' not found")
  end
  lfs.link(place .. "/mine/run.lua", place .. "/away/link.lua", true) -- a link's script lies where the link leads
  lu.assertStrContains(moonlark("away", {"link.lua"}).out, "tools\tkit\tpart\tfalse")
  lu.assertStrContains(moonlark("mine", {"run.lua"}).out, "tools\tkit\tpart\tfalse")
  lu.assertStrContains(moonlark("mine", {"-e", "print(pcall(require, 'tools'))"}).out,
    "false\tmodule 'tools' not found")
  local named = moonlark("away", {"-e", "print((require 'tools'))"}, {("LUA_PATH=%s/mine/?.lua;;"):format(place)})
  lu.assertEquals(named.out, "tools\n")
end

function TestPlaces:test_moonlarks_own_modules_come_before_a_scripts()
  write("mine/moonlark/json.lua", trap)
  write("mine/run.lua", "print(require 'moonlark.base.json'.encode {1})")
  lu.assertEquals(moonlark("", {"mine/run.lua"}).out, "[1]\n")
end

function TestPlaces:test_a_folders_name_adds_no_places()
  write("a;.;b/run.lua", "print(pcall(require, 'tools'))")
  write("tools.lua", trap)
  lu.assertStrContains(moonlark("", {"a;.;b/run.lua"}).out, "false\tmodule 'tools' not found")
end

lib.run()
