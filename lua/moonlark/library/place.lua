--- Place: where the user's own library lies.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local place = {}

--- The file of the user's library: $MOONLARK_LIBRARY, else library.db in $XDG_DATA_HOME/moonlark, else in
--- ~/.local/share/moonlark. Errors: HOME is not set, and nothing else names one.
---     print(place.usual())
---@return string
function place.usual()
  local own, base, home = os.getenv "MOONLARK_LIBRARY", os.getenv "XDG_DATA_HOME", os.getenv "HOME"
  if own and own ~= "" then return own end
  if base and base:sub(1, 1) == "/" then return files.join(base, "moonlark/library.db") end
  if home and home ~= "" then return files.join(home, ".local/share/moonlark/library.db") end
  show.fail "there is no place for the library: HOME is not set; name a file"
end

return place
