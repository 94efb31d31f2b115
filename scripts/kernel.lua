--- Makes Moonlark a kernel of Jupyter's notebooks, or runs one.
local command = require "moonlark.shell.command"
local core = require "moonlark_core"

local parser = command.parser("kernel", "Makes Moonlark a kernel of Jupyter's notebooks, or runs one.")
parser:epilog [[
  moonlark kernel install                 for you: in $JUPYTER_DATA_DIR, else ~/.local/share/jupyter
  moonlark kernel install --sys-prefix    for the Python environment that is active
  moonlark kernel install --prefix DIR    in DIR/share/jupyter
  moonlark kernel start FILE              what Jupyter runs; FILE is a connection file

Needs libzmq (apt-get install libzmq5). Exit code: 0, 1 when something failed, 2 for wrong usage.]]
parser:argument("action", "What to do."):choices {"install", "start"}
parser:argument("file", "With start: a connection file."):args "?"
parser:mutex(
  parser:flag("--user", "With install: for you alone, the default."),
  parser:flag("--sys-prefix", "With install: for the active Python environment."),
  parser:option("--prefix", "With install: under this folder."):argname "<folder>")
parser:option("--name", "With install: what the kernel is called in commands."):argname "<name>":default "moonlark"
local args = parser:parse()

if (args.action == "start") ~= (args.file ~= nil) then
  parser:error(args.file and ("install takes no file, got '%s'"):format(args.file) or "start needs a connection file")
end

-- The folder of the Python environment that is active.
local function python_prefix()
  local active = os.getenv "VIRTUAL_ENV" or os.getenv "CONDA_PREFIX"
  if active then return active end
  local ran = core.process.run({"python3", "-c", "import sys; print(sys.prefix)"}, 30)
  return ran and ran.code == 0 and ran.out:match "[^\n]+" or error("--sys-prefix needs python3 in PATH", 0)
end

if args.action == "start" then
  require "moonlark.notebook".serve(args.file)
else
  local spec, prefix = require "moonlark.notebook.spec", args.prefix
  if args.sys_prefix then prefix = python_prefix() end
  local place = spec.install(prefix and prefix .. "/share/jupyter" or spec.user_folder(), args.name)
  print(("%s\njupyter lab, or jupyter console --kernel %s"):format(place, args.name))
end
