-- One process of corpus.generate: makes its share of the clips that its argument, JSON, describes, and
-- writes a line for each.
local corpus = require "moonlark.corpus"
local json = require "moonlark.json"

local request = json.decode(arg[1])
corpus.make_part(request.folder, request, request.part, request.parts, function()
  io.write "\n"
  io.flush()
end)
