--- Lists, fetches and removes models of other people.
local command = require "moonlark.shell.command"
local hub = require "moonlark.hub"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local parser = command.parser("models", "Lists, fetches and removes models of other people.")
parser:epilog [[
  moonlark models                            what is on this machine, and where
  moonlark models known                      what can be got by name, and what each is for; with --json whom to cite
  moonlark models get yamnet                 fetches, checks and converts one of these
  moonlark models get openai/whisper-tiny    fetches a model of the hub, into the cache that other programs share
  moonlark models remove NAME                removes exactly what is named, and asks nothing

Models got by name lie in $MOONLARK_MODELS, else ~/.local/share/moonlark/models; those of the hub in $HF_HUB_CACHE, else
$HF_HOME/hub, else ~/.cache/huggingface/hub. $HF_ENDPOINT is another hub, $HF_TOKEN a token for it.
Exit code: 0, 1 when something failed, 2 for wrong usage.]]
parser:argument("action", "What to do."):choices {"list", "known", "get", "remove"}:args "?"
parser:argument("names", "With get and remove: names of models."):args "*"
parser:option("--revision", "With get: a branch, a tag or a commit of a model on the hub."):argname "<name>"
parser:flag("--offline", "With get: nothing is fetched, what is here must do.")
command.json(parser)
local args = parser:parse()
local action = args.action or "list"

local takes_names = action == "get" or action == "remove"
if takes_names ~= (#args.names > 0) then
  parser:error(takes_names and ("%s needs the name of a model"):format(action)
    or ("%s takes no name, got '%s'"):format(action, args.names[1]))
end
if action ~= "get" and (args.revision or args.offline) then parser:error "--revision and --offline are of get" end

local function size(bytes)
  if bytes >= 1e9 then return ("%.1f GB"):format(bytes / 1e9) end
  return bytes >= 1e6 and ("%.0f MB"):format(bytes / 1e6) or ("%.0f kB"):format(bytes / 1e3)
end

-- Rows as columns; the last column is as long as it is.
local function print_table(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      row[i] = show.name(cell)
      widths[i] = math.max(widths[i] or 0, utf8.len(row[i]) or #row[i])
    end
  end
  for _, row in ipairs(rows) do
    local line = {}
    for i, cell in ipairs(row) do
      line[i] = i < #row and cell .. (" "):rep(widths[i] - (utf8.len(cell) or #cell)) or cell
    end
    print(table.concat(line, "  "))
  end
end

local function print_list(list)
  if #list == 0 then return print "no models are here: moonlark models known says what can be got" end
  local rows = {{"name", "task", "size", "licence", "last used", "where"}}
  for i, model in ipairs(list) do
    rows[i + 1] = {model.name, model.task or "?", size(model.bytes), model.licence or "?",
      os.date("%Y-%m-%d", model.used), model.lacks and ("%s (%s)"):format(model.folder, model.lacks) or model.folder}
  end
  print_table(rows)
end

local function print_known(list)
  local rows = {{"name", "task", "licence", "here", "what it tells"}}
  for i, model in ipairs(list) do
    rows[i + 1] = {model.name, model.task, model.licence, model.here and "yes" or "no", model.about}
  end
  print_table(rows)
end

local actions = {}

function actions.list()
  local list = hub.list()
  if args.json then return print(json.encode(json.array(list), "  ")) end
  print_list(list)
end

function actions.known()
  local list = hub.catalogue()
  if args.json then return print(json.encode(json.array(list), "  ")) end
  print_known(list)
end

function actions.get()
  local folders = {}
  for _, name in ipairs(args.names) do
    folders[name] = hub.get(name, {offline = args.offline, revision = args.revision})
    if not args.json then print(show.format("%s: %s", name, folders[name])) end
  end
  if args.json then print(json.encode(folders, "  ")) end
end

function actions.remove()
  local freed = {}
  for _, name in ipairs(args.names) do
    freed[name] = hub.remove(name)
    if not args.json then print(show.format("%s: removed, %s", name, size(freed[name]))) end
  end
  if args.json then print(json.encode(freed, "  ")) end
end

actions[action]()
