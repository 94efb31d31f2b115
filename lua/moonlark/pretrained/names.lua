--- Names: of tensors, from a file's spelling to a network's and back.
---
--- A spelling is a list of pairs, the network's word and the file's, each with dots around it: {".fc1.", ".mlp.0."}.
local names = {}

local function changed(name, pairs_of, from, to)
  name = "." .. name
  for _, pair in ipairs(pairs_of) do name = name:gsub((pair[from]:gsub("%p", "%%%0")), pair[to]) end
  return name:sub(2)
end

--- The network's name of a file's tensor.
---     names.inner("encoder.mlp.0.bias", {{".fc1.", ".mlp.0."}})      --> encoder.fc1.bias
---@param name string
---@param spelling {[1]: string, [2]: string}[]
---@return string
function names.inner(name, spelling) return changed(name, spelling, 2, 1) end

--- The file's name of a network's tensor.
---     names.outer("encoder.fc1.bias", {{".fc1.", ".mlp.0."}})        --> encoder.mlp.0.bias
---@param name string
---@param spelling {[1]: string, [2]: string}[]
---@return string
function names.outer(name, spelling) return changed(name, spelling, 1, 2) end

--- A name without what it begins with; as it is where it begins otherwise.
---@param name string
---@param prefix string
---@return string
function names.without(name, prefix) return name:sub(1, #prefix) == prefix and name:sub(#prefix + 1) or name end

return names
