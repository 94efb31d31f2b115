--- Embedding: the numbers with which a model from elsewhere describes songs; a batch of them at once.
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"

local embedding = {}

local parameters = options.describe("server.embedding", {
  model = options.text(options.none, "its name; the first that the service has, if none is named", {usual = "the first"}),
})

--- Several songs at once. Those that cannot be heard have a problem in place of a result.
---@param asked table
---@param list moonlark.server.Work[]
---@param models moonlark.server.Models
---@return table[]
function embedding.batch(asked, list, models)
  local o = parameters:read(asked)
  local opened, paths, results = models:get(o.model), {}, {}
  if not opened.learned.embed then
    error({status = 422, kind = "no-embedding", detail = ("a %s gives no embedding"):format(opened.kind)}, 0)
  end
  for i, about in ipairs(list) do paths[i] = about.sound end
  local rows, rejected = opened.learned:embed(paths)
  local reason, row = {}, 0
  for _, bad in ipairs(rejected) do reason[bad.path] = bad.reason end
  for i, path in ipairs(paths) do
    if reason[path] then
      results[i] = {problem = {status = 422, kind = "not-heard", detail = reason[path]}}
    else
      results[i] = {embedding = json.array(rows[row]:totable()), model = o.model}
      row = row + 1
    end
  end
  return results
end

return embedding
