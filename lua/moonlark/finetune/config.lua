--- Config: config.json of a model from elsewhere, with some of its keys changed and the others as they were, to the
--- letter: a number that was written 0.0 stays 0.0.
local json = require "moonlark.base.json"
local text = require "moonlark.base.text"

local config = {}

-- The place after the string that begins at a place.
local function after_string(body, at)
  repeat
    at = at + 1
    local c = body:sub(at, at)
    if c == "\\" then at = at + 1 end
  until c == '"'
  return at + 1
end

-- The place after the value that begins at a place.
local function after_value(body, at)
  local depth = 0
  while true do
    local c = body:sub(at, at)
    if depth == 0 and c:find "[,}]" then return at end
    if c:find "[%[{]" then depth = depth + 1 elseif c:find "[%]}]" then depth = depth - 1 end
    at = c == '"' and after_string(body, at) or at + 1
  end
end

-- The members of a JSON object, by name, as they are written.
local function members(body)
  local found, at = {}, body:find "{" + 1
  while true do
    local start, finish = body:match('^[%s,]*()"[^"]*"%s*:%s*()', at)
    if not start then return found end
    local name = json.decode("[" .. body:sub(start, after_string(body, start) - 1) .. "]")[1]
    at = after_value(body, finish)
    found[name] = body:sub(finish, at - 1):gsub("%s+$", "")
  end
end

--- A config with other values of some keys.
---     local changed = config.with(files.read "config.json", {num_labels = 10})
---@param body string?  JSON text; nil: there was none
---@param changes table<string, any>
---@return string
function config.with(body, changes)
  local all, lines = body and members(body) or {}, {}
  for name, value in pairs(changes) do all[name] = json.encode(value, "  "):gsub("\n", "\n  ") end
  for i, name in ipairs(text.keys(all)) do lines[i] = ("  %s: %s"):format(json.encode(name), all[name]) end
  return "{\n" .. table.concat(lines, ",\n") .. "\n}\n"
end

return config
