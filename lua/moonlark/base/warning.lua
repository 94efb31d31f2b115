--- Warnings: what a person should know although the work went on.
---
--- Each has a kind ("constant-columns"). The first of a kind is said on standard error, at once, and never across a
--- progress bar; of the others it is said at the end how many there were. All of them are kept for run.json.
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local warning = {}

--- What can be done with warnings: say them, keep them silently, or make each an error.
warning.policies = {"show", "ignore", "error"}

local KEPT = 100    -- texts of a kind; beyond these there are only counts
local policy = "show"
local counts = {}   -- kind -> how often it came
local unsaid = {}   -- kind -> how many others, of other words, came after the one that was said
local log = {}      -- {kind, words} in the order in which they came
local known = {}    -- kind and words -> true, of what the log holds

--- What turns a warning into the words that are said: a command speaks of its options.
---@type fun(words: string): string
function warning.wording(words) return words end

--- Sets what becomes of warnings from now on; returns what it was before.
---@param name "show"|"ignore"|"error"
---@return string
function warning.policy(name)
  for _, known in ipairs(warning.policies) do
    if name == known then
      local before = policy
      policy = name
      return before
    end
  end
  show.fail("warnings must be %s, got %s", table.concat(warning.policies, ", "), show.text(name))
end

--- Warns. Errors: the policy is "error".
---@param kind string  words with hyphens, the same for all warnings of one cause: "constant-columns"
---@param words string  one line; names in it must have gone through show.name
function warning.say(kind, words)
  if type(kind) ~= "string" or not kind:find "^%l[%l%d-]*$" then
    show.fail("kind must be lower-case words with hyphens, got %s", show.text(kind))
  end
  if type(words) ~= "string" then show.fail("words must be a string, got %s", type(words)) end
  local again = known[kind .. " " .. words]
  counts[kind] = (counts[kind] or 0) + 1
  if counts[kind] <= KEPT then
    log[#log + 1] = {kind = kind, words = words}
    known[kind .. " " .. words] = true
  end
  if policy == "error" then
    error(("%s (%s; warnings are errors here)"):format(words, kind), 0)
  elseif policy == "show" and unsaid[kind] then
    unsaid[kind] = unsaid[kind] + (again and 0 or 1)
  elseif policy == "show" then
    unsaid[kind] = 0
    progress.line("warning: " .. warning.wording(words))
  end
end

--- Warns of a file.
---@param kind string
---@param path string
---@param words string
function warning.of_file(kind, path, words)
  warning.say(kind, show.format("%s: %s", path, words))
end

--- Says how many warnings of each kind were counted but not said, and begins anew: the next of each kind is said.
function warning.tell_rest()
  local parts = {}
  for _, kind in ipairs(text.keys(unsaid)) do
    if unsaid[kind] > 0 then parts[#parts + 1] = ("%d of %s"):format(unsaid[kind], kind) end
  end
  unsaid = {}
  if #parts > 0 then progress.line("more warnings: " .. table.concat(parts, ", ")) end
end

--- A place in the stream of warnings, for `since`.
---@return table
function warning.mark()
  local mark = {place = #log, counts = {}}
  for kind, count in pairs(counts) do mark.counts[kind] = count end
  return mark
end

--- The warnings that came after a mark, by kind: how many there were, and what they said, each text once.
---@param mark table?  nil: since the program began
---@return {kind: string, count: integer, texts: string[]}[]
function warning.since(mark)
  mark = mark or {place = 0, counts = {}}
  local list, by_kind = {}, {}
  for _, kind in ipairs(text.keys(counts)) do
    local count = counts[kind] - (mark.counts[kind] or 0)
    if count > 0 then
      list[#list + 1] = {kind = kind, count = count, texts = {}}
      by_kind[kind] = {list[#list].texts, {}}
    end
  end
  for i = mark.place + 1, #log do
    local texts, known = table.unpack(by_kind[log[i].kind])
    if not known[log[i].words] then texts[#texts + 1] = log[i].words end
    known[log[i].words] = true
  end
  return list
end

-- When the program ends, however it ends.
warning.last = setmetatable({}, {__gc = warning.tell_rest})

return warning
