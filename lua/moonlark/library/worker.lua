-- One process of Library:add: hears the songs whose numbers fall to it, of the library that its argument, JSON, names.
-- It writes a line before each song and one after: "> number", and "<", with the path and the reason where it cannot be heard.
local database = require "moonlark.library.database"
local hearing = require "moonlark.library.hearing"
local json = require "moonlark.base.json"

local request = json.decode(arg[1])
local part, parts = math.tointeger(request.part), math.tointeger(request.parts)

-- Whoever listened is gone: what is heard from here on would be heard by nobody.
local function say(line)
  if not (io.write(line, "\n") and io.flush()) then os.exit(1) end
end

local db <close> = database.open(request.path)
local ears = hearing.ears(db, request.names)
for _, number in ipairs(hearing.pending(db, ears)) do
  if number % parts == part % parts then
    say(("> %d"):format(number))
    local bad = hearing.hear(db, number, ears)
    say("<" .. (bad and json.encode {path = bad.path, reason = bad.reason} or ""))
  end
end
