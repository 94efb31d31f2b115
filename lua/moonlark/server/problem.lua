--- Problems: what went wrong with a request, as RFC 9457 says it.
---
---     problem.fail(422, "tempo_min must be 0..1000, got -3", {argument = "tempo_min"})
---
--- A handler raises one; the service answers with it. Any other error is our fault: 500, and a line in the log.
local core = require "moonlark_core"
local json = require "moonlark.base.json"

local problem = {}

---@class moonlark.server.Problem
---@field status integer
---@field detail string
---@field extra table?  more members
---@field headers table<string, string>?
local Problem = {}
Problem.__index = Problem
Problem.__name = "moonlark.server.Problem"
Problem.__tostring = function(self) return ("%d: %s"):format(self.status, self.detail) end

problem.type = "application/problem+json"

--- A problem, to be answered or kept.
---@param status integer  400..599
---@param detail string  one line for a person: the argument, what is allowed, what came
---@param extra table?  more members of the document
---@param headers table<string, string>?
---@return moonlark.server.Problem
function problem.new(status, detail, extra, headers)
  return setmetatable({status = status, detail = detail, extra = extra, headers = headers}, Problem)
end

--- Raises a problem.
---@param status integer
---@param detail string
---@param extra table?
---@param headers table<string, string>?
function problem.fail(status, detail, extra, headers) error(problem.new(status, detail, extra, headers), 0) end

---@param value any
---@return boolean
function problem.is(value) return getmetatable(value) == Problem end

--- What is sent of it.
---     print(problem.new(404, "there is no such song"):plain().title)
---@return table
function Problem:plain()
  local document = {}
  for name, value in pairs(self.extra or {}) do document[name] = value end
  document.type, document.title = document.type or "about:blank", core.server.status_title(self.status)
  document.status, document.detail = self.status, self.detail
  return document
end

---     print(problem.new(404, "there is no such song"):encode())
---@return string
function Problem:encode() return json.encode(self:plain()) .. "\n" end

return problem
