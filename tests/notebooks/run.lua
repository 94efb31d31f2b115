-- Runs the cells of a notebook in a kernel, in order, in a folder: none may fail or warn, and pictures must come. Where
-- libzmq is not, the cells run as the prompt runs them.
--
--     moonlark tests/notebooks/run.lua NOTEBOOK FOLDER
package.path = "tests/lua/?.lua;tests/notebooks/?.lua;" .. package.path
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local form = require "form"
local json = require "moonlark.base.json"

local notebook, folder = arg[1], arg[2]
local PATIENCE = 600 -- seconds without a word: sanitizers are slow

local function fail(id, words, ...)
  io.stderr:write(("%s, cell %s: %s\n"):format(notebook, id, words:format(...)))
  os.exit(1)
end

-- How many pictures a cell shows. A notebook is to be read in peace: warnings fail it, too.
local function check_told(id, reply, told, client)
  local failures = client.of_type(told, "error")
  if reply.status ~= "ok" then fail(id, "%s", table.concat(failures[1].traceback, "\n")) end
  local warned = client.printed(told, "stderr")
  if warned:find "warning:" then fail(id, "%s", warned) end
  local pictures = 0
  for _, kind in ipairs {"execute_result", "display_data", "update_display_data"} do
    for _, content in ipairs(client.of_type(told, kind)) do
      if content.data["image/png"] then pictures = pictures + 1 end
    end
  end
  return pictures
end

local function in_kernel()
  local client = require "kernel_client"
  local kernel = client.start()
  kernel.patience = PATIENCE
  assert(kernel:run(("require 'lfs'.chdir(%q)"):format(folder)).status == "ok")
  return function(id, source)
    local header = kernel:send("execute_request", {code = source})
    local reply, told = kernel:reply(header, "shell")
    return check_told(id, reply, told, client)
  end, function() assert(kernel:stop() == 0) end
end

local function in_session()
  local display, prompt = require "moonlark.base.display", require "moonlark.shell.prompt"
  local show = require "moonlark.base.show"
  prompt.open()
  require "lfs".chdir(folder)
  return function(id, source)
    local pictures = 0
    display.place = function(bundle) pictures = pictures + (bundle["image/png"] and 1 or 0) end
    local ok, why = pcall(function()
      prompt.compile(source, id, function(...)
        for i = 1, select("#", ...) do display.place((display.bundle((select(i, ...))))) end
        show.print(...)
      end)()
    end)
    if not ok then fail(id, "%s", why) end
    return pictures
  end, function() end
end

local cells, pictures = json.read(notebook).cells, 0
files.mkdirs(folder)
local run, close = (core.system.libraries().libzmq and in_kernel or in_session)()
for _, cell in ipairs(cells) do
  if cell.cell_type == "code" then
    local began = core.system.clock()
    pictures = pictures + run(cell.id, form.source(cell))
    print(("%6.2f s  %s"):format(core.system.clock() - began, cell.id))
  end
end
close()
if pictures == 0 then fail("any", "no picture is shown") end
