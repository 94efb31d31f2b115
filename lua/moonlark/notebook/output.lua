--- What a cell shows: results, displays, streams, errors, on the channel that all readers of a notebook hear.
local base64 = require "moonlark.base.base64"
local display = require "moonlark.base.display"
local html = require "moonlark.base.html"
local json = require "moonlark.base.json"
local progress = require "moonlark.base.progress"

local output = {}

local REPLACEMENT = "\u{FFFD}"

--- A text as UTF-8: each byte that is none becomes U+FFFD.
---@param text string
---@return string
function output.as_utf8(text)
  local parts, from = {}, 1
  while from <= #text do
    local length, bad = utf8.len(text, from)
    if length then break end
    parts[#parts + 1] = text:sub(from, bad - 1) .. REPLACEMENT
    from = bad + 1
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

-- A bundle's content as JSON can hold it: bytes of pictures and sounds as base64.
local function as_content(type_of, content)
  if type(content) ~= "string" then return content end
  local is_text = type_of:find "^text/" or type_of:find "^image/svg" or type_of:find "^application/[%w.+-]*json"
    or type_of == "application/javascript"
  return is_text and output.as_utf8(content) or base64.encode(content)
end

local function data_of(bundle)
  local data = {}
  for type_of, content in pairs(bundle) do data[type_of] = as_content(type_of, content) end
  return data
end

--- Sends a message to all readers, as what the message that is handled now has caused.
---@param kernel moonlark.notebook.Kernel
---@param type_of string  "display_data"
---@param content table
function output.publish(kernel, type_of, content)
  kernel.channels:send {channel = "iopub", type = type_of, identities = {type_of}, parent = kernel.header,
    content = json.encode(content)}
end

--- What can be shown of a value, as messages hold it.
---@param value any
---@return table data, table metadata
function output.of(value)
  local bundle, facts = display.bundle(value)
  return data_of(bundle), facts or {}
end

-- What several values are together, where text is all that there is of them: one text.
local function joined(contents)
  local lines = {}
  for i, content in ipairs(contents) do
    if next(content.data, next(content.data)) then return contents end
    lines[i] = content.data["text/plain"]
  end
  return {{data = {["text/plain"] = table.concat(lines, "\n")}, metadata = {}}}
end

--- Sends the values of a cell's last expression as its result. Of several that are more than text, all but the last are
--- displayed. The files that io.write gives are no result.
---@param kernel moonlark.notebook.Kernel
---@param ... any
---@return string?  the result as text
function output.results(kernel, ...)
  local n, contents = select("#", ...), {}
  if n == 0 or ... == io.stdout or ... == io.stderr then return nil end
  for i = 1, n do
    local data, metadata = output.of((select(i, ...)))
    contents[i] = {data = data, metadata = metadata}
  end
  if n > 1 then contents = joined(contents) end
  for i = 1, #contents - 1 do output.publish(kernel, "display_data", contents[i]) end
  local last = contents[#contents]
  last.execution_count = kernel.count
  output.publish(kernel, "execute_result", last)
  return last.data["text/plain"]
end

-- Shows a bundle; what was shown in this cell with the same id is replaced.
local function place(kernel, bundle, facts, id)
  local content = {data = data_of(bundle), metadata = facts or {}, transient = {display_id = id}}
  local again = id and kernel.shown[id]
  if id then kernel.shown[id] = true end
  output.publish(kernel, again and "update_display_data" or "display_data", content)
end

-- A bar that is redrawn in its place. Its words are empty when it is to go.
local function place_bar(kernel, bar, words)
  if not bar.id then
    kernel.bars = kernel.bars + 1
    bar.id = ("bar-%d"):format(kernel.bars)
  end
  local drawn = words ~= "" and ('<progress value="%d" max="%d" style="vertical-align: middle"></progress> '
    .. "<code>%s</code>"):format(bar.done, math.max(bar.total, 1), html.escape(words)) or ""
  place(kernel, {["text/plain"] = words, ["text/html"] = drawn}, nil, bar.id)
end

--- From here on what is displayed goes to the readers of the notebook.
---@param kernel moonlark.notebook.Kernel
function output.open(kernel)
  kernel.shown, kernel.bars = {}, 0
  display.place = function(bundle, facts, id) place(kernel, bundle, facts, id) end
  display.cleared = function(wait) output.publish(kernel, "clear_output", {wait = wait}) end
  progress.place = function(bar, words) place_bar(kernel, bar, words) end
end

return output
