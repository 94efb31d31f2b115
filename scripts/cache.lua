--- Shows, limits, checks or empties the cache of computed features.
local cache = require "moonlark.dataset.cache"
local command = require "moonlark.shell.command"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local parser = command.parser("cache", "Shows, limits, checks or empties the cache of computed features.")
parser:epilog [[
  moonlark cache                    what it holds
  moonlark cache limit 50G          the most that it may hold: K, M, G, T; 10G at first
  moonlark cache verify             reads every entry and removes the damaged ones
  moonlark cache clear              removes every entry

The folder is $MOONLARK_CACHE, else ~/.cache/moonlark. What was used longest ago goes first when room is needed.
Exit code: 0, 1 when the folder cannot be used or verify found damage, 2 for wrong usage.]]
parser:argument("action", "What to do."):choices {"size", "limit", "verify", "clear"}:args "?":default "size"
parser:argument("limit", "With limit: a number with K, M, G or T."):args "?"
parser:option("--cache", "Another folder than the user's."):argname "<folder>"
command.json(parser)
local args = parser:parse()

local units = {K = 2 ^ 10, M = 2 ^ 20, G = 2 ^ 30, T = 2 ^ 40}

local function bytes_of(text)
  local number, unit = text:upper():match "^([%d.]+)([KMGT]?)I?B?$"
  local bytes = math.tointeger(math.floor((tonumber(number) or -1) * (units[unit] or 1)))
  if not bytes or bytes < 0 then parser:error(("limit must be a number such as 500M or 50G, got '%s'"):format(text)) end
  return bytes
end

local function words(bytes)
  for _, unit in ipairs {"T", "G", "M"} do
    if bytes >= units[unit] then return ("%.1f %siB"):format(bytes / units[unit], unit) end
  end
  return ("%.1f KiB"):format(bytes / units.K)
end

if (args.action == "limit") ~= (args.limit ~= nil) then
  parser:error(args.limit and ("%s takes no number"):format(args.action) or "limit needs a number, such as 50G")
end
local folder = args.cache or cache.folder() or error("there is no cache folder: name one with --cache", 0)
local result
if args.action == "limit" then
  cache.limit(bytes_of(args.limit), folder)
  result = cache.usage(folder)
elseif args.action == "clear" then
  result = cache.clear(folder)
elseif args.action == "verify" then
  result = cache.verify(folder)
else
  result = cache.usage(folder)
end
result.folder = folder

if args.json then
  print(json.encode(result))
elseif args.action == "clear" then
  print(show.format("%s: removed %d entries, %s", folder, result.entries, words(result.bytes)))
elseif args.action == "verify" then
  print(show.format("%s: %d entries, %s; %d damaged%s", folder, result.entries, words(result.bytes), result.damaged,
    result.damaged > 0 and " and removed" or ""))
else
  print(show.format("%s: %d entries, %s of at most %s", folder, result.entries, words(result.bytes),
    words(result.limit)))
end
if result.damaged and result.damaged > 0 then os.exit(1, true) end
