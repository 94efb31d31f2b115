-- Schemathesis (PyPI) makes thousands of requests of the service's own document, right and wrong ones, and finds
-- nothing.
-- It is looked for as $MOONLARK_TEST_SCHEMATHESIS, or as `st` on PATH; otherwise it is installed into the build's folder.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lib = require "lib"
local library = require "moonlark.library"
local lu = require "luaunit"
local service = require "service"

local function is_it(program, environment)
  local ran = core.process.run({program, "--version"}, 60, nil, environment)
  return ran and ran.code == 0 and ran.out:find "^st, version 4"
end

-- A copy in the build's folder: its program, and the environment that it needs.
local function installed()
  local build = os.getenv "MOONLARK_TEST_BUILD"
  if not build then return end
  local place = build .. "/schemathesis"
  if not files.exists(place) then
    local ran = core.process.run({"python3", "-m", "pip", "install", "--quiet", "--break-system-packages", "--target",
      place .. ".new", "schemathesis>=4,<5"}, 240)
    if not ran or ran.code ~= 0 then return end
    os.rename(place .. ".new", place)
  end
  return place .. "/bin/st", {"PYTHONPATH=" .. place}
end

local program, environment = os.getenv "MOONLARK_TEST_SCHEMATHESIS" or "st", nil
if not is_it(program) then program, environment = installed() end
if not program or not is_it(program, environment) then
  print "skipped: schemathesis 4 is not here, and PyPI cannot be reached"
  os.exit(77)
end

-- What only seems right: random bytes fit the schema of a file and are no sound (422); a form may have any other fields
-- by its schema, and these are refused (422), those without a name above all (400).
local settings = [[
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "429", "5xx"]
]]

TestSchemathesis = {}

function TestSchemathesis:test_it_finds_nothing()
  local folder = files.temporary_folder()
  files.mkdirs(folder .. "/runs")
  files.write(folder .. "/schemathesis.toml", settings)
  lib.write_beat(folder .. "/beat.wav", 3, 220)
  do
    local l <close> = library.open(folder .. "/songs.db")
    l:add(folder .. "/beat.wav", {workers = 1, parts = {"key"}})
  end
  local running <close> = service.start({"--rate", "0", "--workers", "1", "--runs", folder .. "/runs",
    "--folders", folder, "--library", folder .. "/songs.db"},
    "OMP_NUM_THREADS=1 TMPDIR=" .. folder)
  local ran = core.process.run({program, "--config-file", "schemathesis.toml", "run",
    ("http://127.0.0.1:%s/openapi.json"):format(running.port), "--max-time", "40", "-n", "10", "--seed", "1",
    "--continue-on-failure", "--warnings", "off"}, 280, folder, environment)
  local cases = tonumber(ran.out:match "(%d+) generated")
  local said = ran.code ~= 0 and ran.out .. running:log() or ""
  files.remove(folder)
  lu.assertEquals(ran.code, 0, said)
  print(cases .. " cases")
  lu.assertTrue(cases > 200, "too few cases")
  lu.assertEquals(running:ask {path = "/health"}.status, 200)
end

lib.run()
