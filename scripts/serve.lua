--- Serves what Moonlark hears and knows over HTTP, with a page to drop songs on.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local hearing = require "moonlark.server.hearing"
local options = require "moonlark.base.options"
local server = require "moonlark.server"

local parser = command.parser("serve", "Serves what Moonlark hears and knows over HTTP, with a page to drop songs on.")
parser:epilog [[
  moonlark serve                                    http://127.0.0.1:8000, for this machine alone
  moonlark serve --address 0.0.0.0 --token-file F   for others, too, who send "Authorization: Bearer TOKEN"
  moonlark serve --model runs/genres --runs runs    predicts by a model; shows the runs of a folder
  moonlark serve --library songs.db                 searches the songs of moonlark library, too
  moonlark serve --folder /music                    clients may name files in it instead of sending them
  moonlark serve --routes mine.lua                  with routes of one's own
  curl -F file=@song.mp3 http://127.0.0.1:8000/v1/analyses

SIGTERM and Ctrl-C end it in order: what runs may end. Exit code: 0 after SIGTERM, 130 after Ctrl-C, 1 when it cannot
listen, 2 for wrong usage. Needs libmicrohttpd (apt-get install libmicrohttpd12).]]
local told = {"address", "port", "hosts", "rate", "connections", "connections_of_one", "queue", "idle", "body_time",
  "max_upload", "grace"}
local of_workers = {"workers", "models", "device", "offline", "duration", "memory", "decode_seconds", "task_seconds",
  "partial"}
local of_hearing = {"folders", "runs", "library", "songs_bytes", "streams"}
command.options(parser, options.described "server.new", told)
command.options(parser, options.described "server.workers", of_workers, nil, {models = "--model"})
command.options(parser, options.described "server.hearing", of_hearing, nil, {folders = "--folder"})
parser:option("--token-file", "A file whose first line is the token that everybody must send who asks."):argname "<file>"
parser:option("--routes", "A file with routes of one's own; may be given again."):argname "<file.lua>":count "*":default {}
local args = parser:parse()

-- A token in the arguments would be seen by everybody who lists the processes.
local function read_token(path)
  local token = files.read(path):match "^[^\r\n]*"
  local fits = #token >= 16 and not token:find "[^%w%-._~+/=]" -- as a header and a cookie can hold it (RFC 6750)
  return fits and token or parser:error("--token-file must hold a token of 16 characters or more in its first line: "
    .. "letters, digits and -._~+/=, as openssl rand -hex 16 gives them")
end

-- Those of the arguments that have these names.
local function chosen(names)
  local given = {}
  for _, name in ipairs(names) do given[name] = args[name] end
  return given
end

local given = chosen(told)
if args.token_file then given.token = read_token(args.token_file) end
local service <close> = server.new(given)
hearing.add(service, chosen(of_hearing), chosen(of_workers))
for _, path in ipairs(args.routes) do service:load(path) end
local port = service:open()
local at = args.address and args.address:find ":" and "[" .. args.address .. "]" or args.address or "127.0.0.1"
io.stderr:write(("moonlark serve: http://%s:%d\n"):format(at, port))
if service:run() == "INT" then os.exit(130, true) end
