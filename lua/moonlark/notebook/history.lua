--- The cells that a kernel has run: what consoles show on arrow up.
local json = require "moonlark.base.json"

local history = {}

local LIMIT = 5000

--- Notes a cell.
---@param kernel moonlark.notebook.Kernel
---@param code string
---@param result string?  what its last expression gave, as text
function history.add(kernel, code, result)
  table.insert(kernel.history, {kernel.count, code, result})
  if #kernel.history > LIMIT then table.remove(kernel.history, 1) end
end

-- A Lua pattern for one with * and ?, as shells have them.
local function pattern_of(glob)
  return "^" .. glob:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

-- Entries that the function keeps; of those of the same code only the last with `unique`.
local function filtered(entries, keep, unique)
  local seen, list = {}, {}
  for i = #entries, 1, -1 do
    local entry = entries[i]
    if keep(entry) and not (unique and seen[entry[2]]) then
      seen[entry[2]] = true
      table.insert(list, 1, entry)
    end
  end
  return list
end

-- What is asked for. This session is number 1; 0 is it, too, and no other is kept.
local function chosen(kernel, content)
  local kind = content.hist_access_type
  if kind == "range" then
    local session = math.tointeger(content.session) or 0
    local start, stop = math.tointeger(content.start) or 0, math.tointeger(content.stop) or math.maxinteger
    return filtered(kernel.history, function(entry)
      return (session == 0 or session == 1) and entry[1] >= start and entry[1] < stop
    end)
  elseif kind == "search" then
    local pattern = pattern_of(type(content.pattern) == "string" and content.pattern or "*")
    return filtered(kernel.history, function(entry) return entry[2]:find(pattern) ~= nil end, content.unique == true)
  end
  return filtered(kernel.history, function() return true end)
end

--- Answers a history_request.
---@param kernel moonlark.notebook.Kernel
---@param content table
---@return table
function history.answer(kernel, content)
  local entries, list = chosen(kernel, content), json.array {}
  local n = content.hist_access_type ~= "range" and math.tointeger(content.n) or #entries
  for i = math.max(1, #entries - n + 1), #entries do
    local number, code, result = table.unpack(entries[i], 1, 3)
    list[#list + 1] = json.array {1, number, content.output == true and json.array {code, result or json.null} or code}
  end
  return {status = "ok", history = list}
end

return history
