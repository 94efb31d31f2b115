-- The page of the service in headless Chromium, end to end (tests/page/page_test.py). Skipped, saying so, where Chromium, its
-- driver or Python's selenium is absent: apt-get install chromium chromium-driver python3-selenium
package.path = "tests/lua/?.lua;" .. package.path
local classify = require "moonlark.classify"
local core = require "moonlark_core"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lib = require "lib"
local lu = require "luaunit"
local run = require "moonlark.run"
local service = require "service"
local torch = require "moonlark.torch"

local python = "/usr/bin/python3"
local found = files.exists "/usr/bin/chromedriver" and core.process.run({python, "-c", "import selenium"}, 60)
if not found or found.code ~= 0 then
  print "skipped: chromium, chromium-driver or python3-selenium is not here"
  os.exit(77)
end

-- axe-core, where it can be had: a folder that $MOONLARK_AXE names, or npm's registry.
local function axe_of(folder)
  local given = os.getenv "MOONLARK_AXE"
  if given then return given end
  local ran = core.process.run({"sh", "-c", ("cd %s && npm pack --silent axe-core@4.10 && tar xzf axe-core-*.tgz"):format(folder)}, 60)
  return ran and ran.code == 0 and folder .. "/package/axe.min.js" or nil
end

-- A model of two classes, told apart by loudness.
local function make_model(path)
  local heard = feature.recipe {features = {rms = {}}, pool = "mean"}
  local model = classify.naive_bayes():fit {x = torch.tensor {{0.0}, {0.01}, {0.5}, {0.6}}, y = torch.tensor({0, 0, 1, 1}, {dtype = "int64"}),
    names = heard.names, recipe = heard, classes = {"quiet", "loud"}}
  model:save(path)
  return path
end

-- A run that is finished, and one that is not.
local function make_runs(folder)
  files.mkdirs(folder)
  local first <close> = run.open(folder .. "/first", {architecture = "cnn"})
  local going = run.open(folder .. "/going", {architecture = "cnn"})
  for epoch = 1, 3 do
    first:log {epoch = epoch, loss = 1 / epoch, accuracy = epoch / 4}
    going:log {epoch = epoch, loss = 1 / epoch}
  end
  first:confusion {classes = {"jazz", "rock"}, confusion = torch.tensor({{3, 1}, {0, 4}}, {dtype = "int64"})}
  first:finish()
  return going
end

TestPage = {}

function TestPage:test_end_to_end()
  local folder = lib.folder()
  lu.assertEquals(lib.moonlark(folder, nil, "corpus", folder .. "/c", "--clips", "2", "--seconds", "20", "--styles", "jazz,rock").code, 0)
  files.write(folder .. "/song.wav", files.read(folder .. "/c/jazz/jazz.00000.wav"))
  files.write(folder .. "/other.wav", files.read(folder .. "/c/rock/rock.00000.wav"))
  files.write(folder .. "/broken.wav", ("no sound"):rep(100))
  local axe = axe_of(folder)
  if not axe then print "skipped: axe-core cannot be had, so access was not judged" end
  lu.assertEquals(lib.moonlark(folder, nil, "library", "add", folder .. "/c", "--library", folder .. "/songs.db").code, 0)
  local _ <close> = make_runs(folder .. "/runs")
  local running <close> = service.start {"--rate", "0", "--models", make_model(folder .. "/model.safetensors"), "--runs", folder .. "/runs",
    "--library", folder .. "/songs.db"}
  files.write(folder .. "/token", "sixteen-letters-\n")
  local guarded <close> = service.start {"--rate", "0", "--token-file", folder .. "/token"}
  local ran = core.process.run({python, "tests/page/page_test.py", running.port, folder .. "/song.wav", folder .. "/broken.wav",
    folder .. "/runs", guarded.port, axe}, 900)
  lu.assertEquals(ran.code, 0, ran.err .. running:log())
  lu.assertStrContains(ran.err, "OK")
end

lib.run()
