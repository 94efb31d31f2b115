--- Words: what an item is in one word, for files that keep a text with each time and nothing else.
local words = {}

-- The number that an item of such a kind has in place of a label.
local numbers = {beats = "position", notes = "pitch", tempo = "value"}

--- The word of an item: its label, else its number, else nothing ("").
---     local word = words.of(beats[1])
---@param item moonlark.annotation.Item
---@return string
function words.of(item)
  local what = item.label or item.position or item.pitch or item.value
  return what and tostring(what) or ""
end

--- Puts a word of a file into an item of this kind.
---     words.put({start = 0.5}, "beats", "1")
---@param item moonlark.annotation.Item
---@param kind string
---@param word string
---@return moonlark.annotation.Item
function words.put(item, kind, word)
  local field = numbers[kind]
  local number = field == "position" and math.tointeger(tonumber(word)) or field ~= "position" and tonumber(word) or nil
  if field and number then item[field] = number elseif word ~= "" then item.label = word end
  return item
end

return words
