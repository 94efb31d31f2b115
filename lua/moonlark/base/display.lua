--- Display: values where more than text can be shown, as in a notebook.
---
--- A value says what can be shown of it by a function in its metatable, the same for Moonlark's own and for yours:
---
---     local meta = {}
---     function meta.__display(clock)
---       return {["text/html"] = "<b>" .. clock.hour .. "</b> o'clock"}
---     end
---
--- It gives texts or bytes by MIME type ("text/html", "image/png", "image/svg+xml", "audio/wav"), and after them, if
--- need be, a table of facts for each type ({["image/png"] = {width = 400}}). The text that the prompt prints is always
--- there, too: whoever shows the value takes the richest that it can show. A list of records is a table.
local html = require "moonlark.base.html"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local warning = require "moonlark.base.warning"

local display = {}

--- What shows bundles here; nil where text is all, as on a terminal.
---@type fun(bundle: table<string, any>, facts: table?, id: string?)?
display.place = nil

--- What takes away what was shown; nil as above.
---@type fun(wait: boolean)?
display.cleared = nil

local ROWS = 200 -- of a table; of more there is a count

local simple = {string = true, number = true, boolean = true}

-- The columns of a list of records, {{name = "one", bpm = 120}, …}; nil where it is anything else.
local function columns_of(list)
  local columns = {}
  for _, record in ipairs(list) do
    if type(record) ~= "table" or getmetatable(record) or #record > 0 then return nil end
    for key, value in pairs(record) do
      if type(key) ~= "string" or not simple[type(value)] then return nil end
      columns[key] = true
    end
  end
  return next(columns) and text.keys(columns) or nil
end

-- A list of records as a table; nil for other values.
local function table_of(list)
  local columns = type(list) == "table" and not getmetatable(list) and #list > 0 and columns_of(list)
  if not columns then return nil end
  local rows = {}
  for i = 1, math.min(#list, ROWS) do
    rows[i] = {}
    for k, name in ipairs(columns) do
      local value = list[i][name]
      rows[i][k] = value == nil and "" or tostring(value)
    end
  end
  local left = #list - #rows
  return html.table(columns, rows) .. (left > 0 and html.lines(("… %d more"):format(left)) or "")
end

--- What can be shown of a value: texts, bytes or tables by MIME type, and facts by type. "text/plain" is always there.
--- Where its own __display fails, that is all, and a warning says why.
---@param value any
---@return table<string, any> bundle, table? facts
function display.bundle(value)
  local meta = debug.getmetatable(value)
  local of_its_own = type(meta) == "table" and rawget(meta, "__display")
  local bundle, facts = {}, nil
  if of_its_own then
    local ok, made, about = pcall(of_its_own, value)
    if not ok then warning.say("not-displayed", show.lines(made)) end
    for type_of, content in pairs(ok and made or {}) do bundle[type_of] = content end
    facts = ok and about or nil
  end
  if not of_its_own then bundle["text/html"] = table_of(value) end
  bundle["text/plain"] = bundle["text/plain"] or show.text(value)
  return bundle, facts
end

--- Shows a value where it can be shown, else prints it.
---@param value any
---@param id string?  what was shown with the same id before is replaced
function display.show(value, id)
  if not display.place then return show.print(value) end
  local bundle, facts = display.bundle(value)
  display.place(bundle, facts, id)
end

return display
