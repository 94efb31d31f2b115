--- Display: values where more than text can be shown, as in a notebook.
---
--- A value says what can be shown of it by a function in its metatable, the same for Moonlark's own and for yours:
---
---     local meta = {}
---     function meta.__display(clock)
---       return {["text/html"] = "<b>" .. clock.hour .. "</b> o'clock"}
---     end
---
--- It gives texts or bytes by MIME type ("text/html", "image/png", "image/svg+xml", "audio/wav"), and after them, if need
--- be, a table of facts for each type ({["image/png"] = {width = 400}}). The text that the prompt prints is always
--- there, too: whoever shows the value takes the richest that it can show.
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local display = {}

--- What shows bundles here; nil where text is all, as on a terminal.
---@type fun(bundle: table<string, any>, facts: table?, id: string?)?
display.place = nil

--- What takes away what was shown; nil as above.
---@type fun(wait: boolean)?
display.cleared = nil

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
