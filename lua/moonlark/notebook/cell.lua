--- A cell: compiled and run as the prompt does it, its errors shown beside its lines.
local core = require "moonlark_core"
local output = require "moonlark.notebook.output"
local prompt = require "moonlark.shell.prompt"
local warning = require "moonlark.base.warning"

local cell = {}

local codes = {} -- text of cells by the name that errors call them

--- How errors call a cell, after what stands beside it in the notebook: "In [3]".
---@param count integer
---@return string
function cell.name(count) return ("In [%d]"):format(count) end

local function line_of(text, number)
  local at = 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    at = at + 1
    if at == number then return line end
  end
end

-- The lines around the one that a message names, which gets an arrow; none where it names no cell.
local function excerpt(message)
  local name, number = message:match "^(In %[%d+%]):(%d+):"
  local at = message:match "^interrupted at (In %[%d+%]:%d+)"
  if at then name, number = at:match "^(.*):(%d+)$" end
  local text, lines = codes[name or ""], {}
  number = math.tointeger(tonumber(number))
  for i = text and number - 2 or 1, text and number + 2 or 0 do
    local line = i >= 1 and line_of(text, i)
    if line then lines[#lines + 1] = ("%s %3d  %s"):format(i == number and "\27[31m→\27[0m" or " ", i, line) end
  end
  return lines
end

--- What went wrong, as messages say it.
---@class moonlark.notebook.Failure
---@field ename string  what kind: "error", "syntax error", "interrupted"
---@field evalue string  one line
---@field traceback string[]  lines with colours of a terminal

---@param kind string
---@param message string
---@return moonlark.notebook.Failure
local function failure(kind, message)
  message = output.as_utf8(message)
  local first, rest = message:match "^([^\n]*)\n?(.*)$"
  local traceback = {("\27[31m%s\27[0m: %s"):format(kind, first)}
  for _, line in ipairs(excerpt(message)) do traceback[#traceback + 1] = line end
  for line in rest:gmatch "[^\n]+" do traceback[#traceback + 1] = line end
  return {ename = kind, evalue = first, traceback = traceback}
end

-- Lua's own words for text that is only the beginning of something.
local function why_incomplete(code, name)
  local _, message = load(code, "=" .. name, "t")
  return message
end

--- Runs a function so that it can be stopped: nil when all went well, else what went wrong.
---@param f function
---@param ... any  its arguments
---@return moonlark.notebook.Failure?, ...  without a failure: what it gave
function cell.attempt(f, ...)
  local results = table.pack(core.kernel.attempt(f, ...))
  if results[1] then return nil, table.unpack(results, 2, results.n) end
  return failure(results[3] and "interrupted" or "error", results[2])
end

--- Runs the text of a cell. What its last expression gives goes to `print`.
---@param code string
---@param name string
---@param print fun(...: any)
---@return moonlark.notebook.Failure?
function cell.run(code, name, print)
  codes[name] = code
  local compiled, run = pcall(prompt.compile, code, name, print)
  if not compiled or not run then
    return failure("syntax error", compiled and why_incomplete(code, name) or run)
  end
  local failed = cell.attempt(run)
  warning.tell_rest()
  return failed
end

return cell
