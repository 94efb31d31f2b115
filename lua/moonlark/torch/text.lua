--- Tensors as text: small ones with every value, large ones with a summary and the corners.
local engine = require "moonlark.torch.engine"
local call = setmetatable({}, {__index = function(_, name) return engine.operator(name) end})

local full_limit = 200 -- elements that are all written
local full_columns = 20
local edge = 3 -- rows and columns at each end of a large one
local gap = "…"

local function number_text(value)
  if type(value) == "table" then -- complex: {real, imaginary}
    return ("%.4g%+.4gi"):format(value[1], value[2])
  elseif value ~= value then
    return "nan"
  elseif math.type(value) == "float" then
    return ("%.5g"):format(value)
  end
  return tostring(value)
end

-- The indices of an axis that are written: all, or both ends with a gap between.
local function chosen(n, all)
  local list = {}
  for i = 0, n - 1 do
    if all or n <= 2 * edge + 1 or i < edge or i >= n - edge then
      list[#list + 1] = i
    elseif i == edge then
      list[#list + 1] = gap
    end
  end
  return list
end

-- A matrix or vector as lines with aligned columns.
local function add_matrix(lines, t, all)
  if t:dim() == 1 then t = call.unsqueeze(t, 0) end
  local cells, width = {}, 1
  for i, row in ipairs(chosen(t:size(0), all)) do
    cells[i] = {}
    for j, column in ipairs(chosen(t:size(1), all)) do
      local cell = (row == gap or column == gap) and gap or number_text(t[{row, column}]:totable())
      cells[i][j] = cell
      width = math.max(width, utf8.len(cell))
    end
  end
  for _, row in ipairs(cells) do
    for j, cell in ipairs(row) do row[j] = (" "):rep(width - utf8.len(cell)) .. cell end
    lines[#lines + 1] = "  " .. table.concat(row, "  ")
  end
end

-- The matrices of a tensor, each under its index: all, or the first and the last.
local function add_blocks(lines, t, all, prefix)
  if t:dim() <= 2 then
    if prefix ~= "" then lines[#lines + 1] = ("  [%s:, :]"):format(prefix) end
    return add_matrix(lines, t, all)
  end
  local n = t:size(0)
  for i = 0, n - 1 do
    if all or i == 0 or (i == n - 1 and prefix == "") then
      add_blocks(lines, t[i], all, ("%s%d, "):format(prefix, i))
    end
  end
end

-- "min -80  mean -41.2  max 0", and how many values are not numbers.
local function summary(t)
  local dtype = t:dtype()
  if dtype == "bool" then return ("%d of %d are true"):format(call.sum(t):item(), t:numel()) end
  if dtype:match "^complex" then return "absolute " .. summary(call.abs(t)) end
  local missing = 0
  if dtype:match "float" then
    if dtype ~= "float64" then t = t:convert "float32" end
    local is_nan = call.isnan(t)
    missing = call.sum(is_nan):item()
    if missing > 0 then t = t[call.logical_not(is_nan)] end
  end
  local text = missing > 0 and ("NaN %d"):format(missing) or ""
  if t:numel() == 0 then return text end
  return ("min %s  mean %.5g  max %s  %s"):format(number_text(call.min(t):item()),
    call.mean(t:convert "float64"):item(), number_text(call.max(t):item()), text):gsub("%s+$", "")
end

local function head(t)
  local words = {"tensor"}
  if t:dim() > 0 then words[2] = table.concat(t:shape(), "×") end
  words[#words + 1] = t:dtype()
  if t:device() ~= "cpu" then words[#words + 1] = t:device() end
  if t:requires_grad() then words[#words + 1] = t:is_leaf() and "requires_grad" or "with history" end
  return table.concat(words, " ")
end

local function body(t)
  if t:numel() == 0 then return " (empty)" end
  if t:dim() == 0 then return "  " .. number_text(t:totable()) end
  local shape = t:shape()
  local all = t:numel() <= full_limit and shape[#shape] <= full_columns
  local lines = {all and "" or "  " .. summary(t)}
  if all then t = t:convert(nil, "cpu") end
  add_blocks(lines, t, all, "")
  return table.concat(lines, "\n")
end

--- A tensor as text for a person.
---@param t moonlark.Tensor
---@return string
return function(t)
  if not pcall(t.dim, t) then return "tensor (freed)" end
  -- A sparse or quantized tensor shows its head alone: its values would need a conversion.
  local ok, text = pcall(engine.no_grad, engine.scope, body, t)
  return head(t) .. (ok and text or "")
end
