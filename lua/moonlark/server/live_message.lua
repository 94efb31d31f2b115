--- Live messages: what the service and the process that hears its live streams tell each other.
---
--- Both ways they are a stream's number (four bytes), a letter, and what belongs to it:
---
---     o  options, JSON     a stream begins             e  an event, JSON
---     d  bytes             sound of it                 a  nothing: what belongs to the oldest d has been heard
---     f                    its sound has ended         b  nothing: the last event has been told
---     c                    nobody listens any more     x  words: it cannot be heard; nothing more comes
---                                                      r  of no stream: the process is ready
local live_message = {}

--- A message of a stream.
---     peer:send(live_message.pack(1, "f"))
---@param id integer
---@param what string  a letter
---@param rest string?
---@return string
function live_message.pack(id, what, rest) return string.pack("<I4", id) .. what .. (rest or "") end

--- What a message says.
---     local id, what, rest = live_message.unpack(message)
---@param message string
---@return integer id
---@return string what
---@return string rest
function live_message.unpack(message)
  local id = string.unpack("<I4", message)
  return id, message:sub(5, 5), message:sub(6)
end

return live_message
