-- Jupyter's own judgement of the kernel: jupyter_kernel_test, and nbconvert on a notebook. Skipped where Python has them not:
-- apt-get install python3-jupyter-kernel-test jupyter-nbconvert
package.path = "tests/lua/?.lua;" .. package.path
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"

-- The first Python that has both; nil where there is none.
local function find_python()
  for _, python in ipairs {os.getenv "MOONLARK_TEST_PYTHON" or "python3", "/usr/bin/python3"} do
    local ran = core.process.run({python, "-c", "import jupyter_kernel_test, nbconvert"}, 60)
    if ran and ran.code == 0 then return python end
  end
end

local python = find_python()
if not python or not core.system.libraries().libzmq then
  print "skipped: no Python here has jupyter_kernel_test and nbconvert, or libzmq is not here"
  os.exit(77)
end

local here = require "lfs".currentdir()
local folder = lib.folder()
local environment = {"JUPYTER_PATH=" .. folder .. "/share/jupyter", "JUPYTER_RUNTIME_DIR=" .. folder .. "/runtime",
  "IPYTHONDIR=" .. folder .. "/ipython"}
assert(lib.moonlark(folder, nil, "kernel", "install", "--prefix", folder).code == 0)

local function run(...) return assert(core.process.run({python, ...}, 240, folder, environment)) end

-- Executes a notebook of cells: how nbconvert ended, and the notebook that it wrote, if any.
local function execute(cells)
  local notebook = {nbformat = 4, nbformat_minor = 5, cells = json.array {}, metadata = {
    kernelspec = {name = "moonlark", display_name = "Moonlark", language = "lua"}}}
  for i, code in ipairs(cells) do
    notebook.cells[i] = {cell_type = "code", source = code, id = "cell-" .. i, metadata = {}, outputs = json.array {},
      execution_count = json.null}
  end
  files.write(folder .. "/in.ipynb", json.encode(notebook))
  local ran = run("-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", "in.ipynb")
  return ran, ran.code == 0 and json.read(folder .. "/out.ipynb")
end

TestJupyter = {}

function TestJupyter:test_its_own_suite_passes()
  local ran = run(here .. "/tests/jupyter/kernel_test.py")
  lu.assertEquals(ran.code, 0, ran.err)
  lu.assertStrContains(ran.err, "OK")
  lu.assertNotStrContains(ran.err, "skipped")
end

function TestJupyter:test_nbconvert_executes_a_notebook()
  local ran, made = execute {"local x = 6", 'print "hello"\nx * 7', "plot.lines({{1, 2, 4}})"}
  lu.assertEquals(ran.code, 0, ran.err)
  local cells = made.cells
  lu.assertEquals(cells[2].outputs[1].text, {"hello\n"})
  lu.assertEquals(cells[2].outputs[2].data["text/plain"], {"42"})
  lu.assertNotNil(cells[3].outputs[1].data["image/png"])
  lu.assertNotNil(cells[3].outputs[1].data["image/svg+xml"])
end

function TestJupyter:test_a_cell_that_fails_fails_nbconvert()
  local ran = execute {"x = 1", "error 'wrong here'", "print 'never'"}
  lu.assertEquals(ran.code, 1)
  lu.assertStrContains(ran.err, "In [2]:1: wrong here")
end

lib.run()
