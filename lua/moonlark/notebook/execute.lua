--- Runs a cell that a notebook sends, and says how it went.
local cell = require "moonlark.notebook.cell"
local help = require "moonlark.shell.help"
local history = require "moonlark.notebook.history"
local input = require "moonlark.notebook.input"
local json = require "moonlark.base.json"
local output = require "moonlark.notebook.output"
local prompt = require "moonlark.shell.prompt"

-- Expressions that are computed after the cell: {name = {status, data, metadata}}.
local function compute(kernel, expressions)
  local results = {}
  for name, expression in pairs(type(expressions) == "table" and expressions or {}) do
    local compute_it, why = load("return " .. tostring(expression), "=" .. cell.name(kernel.count), "t")
    local failed, data, metadata = cell.attempt(function() return output.of((assert(compute_it, why)())) end)
    if failed then
      results[name] = {status = "error", ename = failed.ename, evalue = failed.evalue,
        traceback = json.array(failed.traceback)}
    else
      results[name] = {status = "ok", data = data, metadata = metadata}
    end
  end
  return results
end

-- `name?` opens the pager of the notebook.
local function page(about)
  return {source = "page", start = 0, data = {["text/plain"] = output.as_utf8((help.text(about)))}}
end

local function fail(kernel, content, failed, silent)
  failed.traceback = json.array(failed.traceback)
  if not silent then
    output.publish(kernel, "error", {ename = failed.ename, evalue = failed.evalue, traceback = failed.traceback})
  end
  if content.stop_on_error ~= false then kernel.failed_at = kernel.channels:clock() end
  return {status = "error", execution_count = kernel.count, ename = failed.ename, evalue = failed.evalue,
    traceback = failed.traceback, user_expressions = {}, payload = json.array {}}
end

---@param kernel moonlark.notebook.Kernel
---@param content table  of an execute_request
---@param message table
---@return table  content of the execute_reply
return function(kernel, content, message)
  if kernel.failed_at and message.arrived <= kernel.failed_at then
    return {status = "aborted", execution_count = kernel.count}
  end
  if type(content.code) ~= "string" then error("code must be a string", 0) end
  local silent = content.silent == true
  local stored = not silent and content.store_history ~= false
  if stored then kernel.count = kernel.count + 1 end
  if not silent then
    output.publish(kernel, "execute_input", {code = content.code, execution_count = kernel.count})
  end

  local asked = prompt.asked(content.code)
  local failed, result
  if not asked then
    local _ <close> = input.of(kernel, content.allow_stdin ~= false and message)
    failed = cell.run(content.code, cell.name(kernel.count), function(...)
      if not silent then result = output.results(kernel, ...) end
    end)
  end
  if stored then history.add(kernel, content.code, result) end
  if failed then return fail(kernel, content, failed, silent) end
  return {status = "ok", execution_count = kernel.count, user_expressions = compute(kernel, content.user_expressions),
    payload = json.array(asked and {page(asked)} or {})}
end
