--- Names: where in a manual each name is told, so that whoever mentions it can lead there.
---
---     local names = names_of(reading.chapters())
---     print(names:href "moonlark.Signal")             --> signal.html#Signal
local Names = {}
Names.__index = Names

-- "Dataset.batches" of "Dataset:batches": a name however it is written.
local function key_of(name) return (name:gsub("^moonlark%.", ""):gsub(":", ".")) end

--- The address of a name, as seen from any page; nil where the manual does not tell of it.
---@param name string  "feature.mel", "moonlark.Signal", "Signal:slice", "feature"
---@return string?
function Names:href(name) return self.places[key_of(name)] end

--- The address of an item.
---@param item moonlark.manual.Item
---@return string
function Names.of_item(item) return ("%s.html#%s"):format(item.chapter, item.name) end

--- All names of chapters.
---@param chapters moonlark.manual.Chapter[]
---@return table
return function(chapters)
  local self = setmetatable({places = {}}, Names)
  local function put(name, address) self.places[name] = self.places[name] or address end
  for _, chapter in ipairs(chapters) do
    put(chapter.name, chapter.name .. ".html")
    for _, item in ipairs(chapter.items) do
      put(key_of(item.name), Names.of_item(item))
      if item.entry.full then put(key_of(item.entry.full), Names.of_item(item)) end
    end
  end
  for _, chapter in ipairs(chapters) do -- a class's own name, where nothing else has it
    for _, item in ipairs(chapter.items) do
      if item.entry.kind == "class" then put(item.entry.name, Names.of_item(item)) end
    end
  end
  return self
end
