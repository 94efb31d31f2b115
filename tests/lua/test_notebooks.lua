-- The form of the notebooks in git, and that the pages name them. ctest runs their cells as notebooks/NAME.
package.path = "tests/lua/?.lua;tests/notebooks/?.lua;" .. package.path
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local form = require "form"
local json = require "moonlark.base.json"
local lib = require "lib"
local lfs = require "lfs"
local lu = require "luaunit"
local prompt = require "moonlark.shell.prompt"

local paths = {}
for name in lfs.dir "notebooks" do
  if name:find "%.ipynb$" then paths[#paths + 1] = "notebooks/" .. name end
end
table.sort(paths)

TestNotebooks = {}

function TestNotebooks:test_they_are_there_with_number_and_title()
  lu.assertTrue(#paths > 0)
  for _, path in ipairs(paths) do
    local first = json.read(path).cells[1]
    lu.assertEquals(first.cell_type, "markdown")
    lu.assertStrContains(first.source[1], ("# %d. "):format(path:match "/(%d%d)_[%w_]+%.ipynb$"))
  end
end

function TestNotebooks:test_no_outputs_counts_or_traces_of_editors_are_kept()
  for _, path in ipairs(paths) do
    local text = files.read(path)
    if text ~= form.text(json.decode(text, path)) then
      lu.fail(path .. " is not in the form of git: moonlark tests/notebooks/tidy.lua " .. path)
    end
  end
end

function TestNotebooks:test_tidy_takes_out_what_a_run_leaves()
  local bare = files.read(paths[1])
  local notebook = json.decode(bare)
  notebook.metadata.widgets = {state = "x"}
  notebook.cells[2].outputs = {{output_type = "stream", name = "stdout", text = {"x"}}}
  notebook.cells[2].execution_count = 7
  notebook.cells[2].metadata = {collapsed = true}
  notebook.cells[3].source = table.concat(notebook.cells[3].source)
  local path = lib.write(lib.folder() .. "/run.ipynb", json.encode(notebook))
  local ran = lib.moonlark(nil, nil, "tests/notebooks/tidy.lua", path)
  lu.assertEquals(ran.all, "")
  lu.assertEquals(files.read(path), bare)
end

function TestNotebooks:test_cells_have_names_of_their_own_and_compile()
  for _, path in ipairs(paths) do
    local seen = {}
    for _, cell in ipairs(json.read(path).cells) do
      lu.assertStrMatches(cell.id, "[%w-]+")
      lu.assertTrue(#cell.id <= 64)
      lu.assertNil(seen[cell.id], path .. ": two cells are called " .. cell.id)
      seen[cell.id] = true
      local source = form.source(cell)
      lu.assertTrue(source:find "%S" ~= nil, path .. ": " .. cell.id .. " is empty")
      if cell.cell_type == "code" then lu.assertEquals(prompt.state(source), "complete", path .. ": " .. cell.id) end
      for line in source:gmatch "[^\n]+" do
        lu.assertTrue(utf8.len(line) <= 125, path .. ": a long line in " .. cell.id)
      end
    end
  end
end

function TestNotebooks:test_the_pages_name_them_all()
  local page = files.read "notebooks/README.md"
  for _, path in ipairs(paths) do lu.assertStrContains(page, "](" .. path:match "[^/]*$" .. ")") end
  lu.assertStrContains(files.read "README.md", "](notebooks)")
end

function TestNotebooks:test_nbformat_finds_them_valid()
  local check = "import sys, nbformat\n"
    .. "for path in sys.argv[1:]: nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))"
  for _, python in ipairs {os.getenv "MOONLARK_TEST_PYTHON" or "python3", "/usr/bin/python3"} do
    local found = core.process.run({python, "-c", "import nbformat"}, 60)
    if found and found.code == 0 then
      local ran = assert(core.process.run({python, "-c", check, table.unpack(paths)}, 120))
      lu.assertEquals(ran.err, "")
      lu.assertEquals(ran.code, 0)
      return
    end
  end
  lu.skip "no Python here has nbformat"
end

lib.run()
