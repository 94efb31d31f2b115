-- One process of corpus.generate: makes its share of the clips that its argument, JSON, describes, and
-- writes a line for each.
local corpus = require "moonlark.corpus"
local json = require "moonlark.base.json"

local request = json.decode(arg[1])
-- JSON knows one kind of number; a seed of 0.0 would not be a seed of 0.
for _, key in ipairs {"clips", "seed", "part", "parts"} do request[key] = math.tointeger(request[key]) end
corpus._make_part(request.folder, request, request.part, request.parts, function()
  io.write "\n"
  io.flush()
end)
