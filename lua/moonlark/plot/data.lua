--- What the pictures read: Signals, tensors and plain tables of numbers, all alike.
---
--- Numbers stay where they are: only sizes, ranges and the few numbers that become ticks pass through Lua. An array is
--- a tensor, a list, or a list of rows; `name` is what errors call it.
local picture = require("moonlark_core").picture
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local data = {}

local function is_tensor(value)
  return type(value) == "userdata" and value.shape ~= nil and value.dtype ~= nil
end

--- True for a Signal, a tensor or a table of numbers: one argument's worth of data.
function data.is(value)
  if signal.is(value) or is_tensor(value) then return true end
  return type(value) == "table" and type(value[1]) == "number"
end

--- The array in a Signal, a tensor or a table, the Signal if it is one, and whether the numbers are complex: then the
--- array holds their magnitudes.
function data.read(name, value)
  local from
  if signal.is(value) then value, from = value.data, value end
  if is_tensor(value) then
    local complex = value:dtype():find "^complex" ~= nil
    return complex and value:abs() or value, from, complex
  end
  if type(value) ~= "table" then
    show.fail("%s must be a Signal, a tensor or a table of numbers, got %s", name, type(value))
  end
  if #value == 0 then show.fail("%s must not be empty, got an empty table", name) end
  return value, from, false
end

--- Axes, rows and columns of an array of one or two axes; a list is one row.
function data.shape(name, array)
  local rank, rows, columns
  if is_tensor(array) then
    local shape = array:shape()
    rank, rows, columns = #shape, #shape > 1 and shape[#shape - 1] or 1, shape[#shape] or 1
    if rank > 2 then
      show.fail("%s must have one or two axes (of several channels take one), got a tensor of %s", name,
        table.concat(shape, " × "))
    end
  else
    rank, rows, columns = picture.shape(array)
  end
  if rows * columns == 0 then show.fail("%s must not be empty, got %d × %d numbers", name, rows, columns) end
  return rank, rows, columns
end

--- One column of a table of rows or of a tensor, counted from 0.
function data.column(name, array, column)
  local rank, _, columns = data.shape(name, array)
  if rank ~= 2 or column >= columns then
    show.fail("%s must have rows of more than %d numbers, got %d", name, column, rank == 2 and columns or 1)
  end
  if is_tensor(array) then return array:select(1, column) end
  local list = {}
  for i, row in ipairs(array) do list[i] = row[column + 1] end
  return list
end

--- One row, counted from 0.
function data.row(array, row)
  if is_tensor(array) then return array:dim() == 2 and array:select(0, row) or array end
  return type(array[1]) == "table" and array[row + 1] or array
end

--- All rows from one on, counted from 0.
function data.rows_from(array, first)
  if is_tensor(array) then return array:narrow(0, first, array:shape()[1] - first) end
  return table.move(array, first + 1, #array, 1, {})
end

--- How many finite numbers above zero there are, their least and their most: what a logarithmic axis can show.
function data.positive(array)
  local count, least, most = 0, nil, nil
  for _, value in ipairs(is_tensor(array) and array:flatten():totable() or array) do
    if value > 0 and value < math.huge then
      count, least, most = count + 1, math.min(least or value, value), math.max(most or value, value)
    end
  end
  return count, least, most
end

--- The numbers as a Lua table: for the few that become labels.
function data.list(array) return is_tensor(array) and array:totable() or array end

--- The same of what a user gave; nil if that is neither a tensor nor a table.
function data.as_list(value)
  if is_tensor(value) or type(value) == "table" and not signal.is(value) then return data.list(value) end
end

return data
