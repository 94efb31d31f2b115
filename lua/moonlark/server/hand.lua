--- Hand: one worker process as the front process sees it. It is started with the first order, and again after it died.
local core = require "moonlark_core"
local json = require "moonlark.base.json"

local hand = {}

---@class moonlark.server.Hand
---@field kind "analysis"|"model"
---@field package settings table  what the process is told first
---@field package peer userdata?
---@field package ready boolean?  it has started, and loaded what it needs
---@field package order table?  what it works on: {tickets, left, since}
---@field idle_since number
local Hand = {}
Hand.__index = Hand

local program = {core.process.program, "-e", "require('moonlark.server.worker').run()"}

---@param kind "analysis"|"model"
---@param settings table
---@return moonlark.server.Hand
function hand.new(kind, settings)
  return setmetatable({kind = kind, settings = settings, idle_since = core.system.clock()}, Hand)
end

--- Starts the process, where it does not run.
---     one:start()
function Hand:start()
  if self.peer then return end
  self.peer = core.process.start(program)
  self.peer:send(json.encode(self.settings))
end

--- Gives it work: tickets of one task with the same options.
---     one:give(tickets, {task = "analysis", options = {}, songs = list})
---@param tickets moonlark.server.Ticket[]
---@param message table
function Hand:give(tickets, message)
  self:start()
  self.order = {tickets = tickets, left = #tickets, since = self.ready and core.system.clock() or nil}
  self.peer:send(json.encode(message))
end

--- It has started: its time counts from here.
---     one:begin()
function Hand:begin()
  self.ready = true
  if self.order then self.order.since = core.system.clock() end
end

--- True when it has worked on something for longer than so many seconds. Its start does not count.
---     if one:is_late(core.system.clock(), 600) then print(one:stop(0)) end
---@param now number
---@param seconds number
---@return boolean
function Hand:is_late(now, seconds)
  local since = self.order and self.order.since
  return since ~= nil and now - since > seconds
end

--- What it has said since it was asked last; and how it ended, if it did.
---     local messages, how = one:hear()
---@return table[] messages
---@return string? end  in words
function Hand:hear()
  local messages = {}
  if not self.peer then return messages end
  self.peer:flush()
  while true do
    local fine, text, over = pcall(self.peer.receive, self.peer)
    if not fine or over then return messages, self:stop(fine and 1 or 0) end
    if not text then return messages end
    local head, result = text:match "^([^\n]*)\n(.*)$"
    local message = json.decode(head or text)
    message.result = result and json.written(result) or nil
    messages[#messages + 1] = message
  end
end

--- The ticket that a message is about. With the last answer it has nothing to do any more.
---     local ticket = one:ticket(message)
---@param message table
---@return moonlark.server.Ticket
function Hand:ticket(message)
  local order = self.order
  if message.result or message.problem then order.left = order.left - 1 end
  if order.left == 0 then self:put_down() end
  return order.tickets[message.place]
end

--- Ends the process; says how it ended.
---     print(one:stop(1))
---@param patience number  seconds that it has to do so itself
---@return string
function Hand:stop(patience)
  if not self.peer then return "was not running" end
  local code, signal = self.peer:finish(patience)
  self.peer:close()
  self.peer, self.ready = nil, nil
  return signal and "SIG" .. signal or "exit code " .. tostring(code)
end

--- What it worked on, which it has no more.
---     for _, ticket in ipairs(one:put_down()) do print(ticket.task) end
---@return moonlark.server.Ticket[]
function Hand:put_down()
  local order = self.order
  self.order, self.idle_since = nil, core.system.clock()
  return order and order.tickets or {}
end

return hand
