-- Every overload that Lua can call, once, with arguments made from its own schema: the overload that the
-- dispatcher picks must be the one whose schema they were made from.
local lu = require "luaunit"
local torch = require "moonlark.torch"
local engine = require "moonlark.torch.engine"

-- "int[2] stride=1" -> {type = "int", list = true, size = 2, name = "stride", default = "1"}
local function parameter(text)
  local kind, name, default = text:match "^(%S+) ([%w_]+)=(.*)$"
  if not kind then kind, name = text:match "^(%S+) ([%w_]+)$" end
  local p = {name = name, default = default, optional = kind:match "%?$" ~= nil}
  kind = kind:gsub("%?$", "")
  p.list = kind:match "%[%d*%]$" ~= nil
  p.size = tonumber(kind:match "%[(%d+)%]$")
  kind = kind:gsub("%[%d*%]$", "")
  p.element_optional = kind:match "%?$" ~= nil
  p.type = kind:gsub("%?$", "")
  return p
end

-- Splits at commas outside brackets and quotes.
local function parameters(schema)
  local inside = schema:match "%((.*)%) %-> ":gsub("%([a-z][%a!|>* %-]*%)", "") -- aliases: Tensor(a!), Tensor(a -> *)
  local list, depth, from, keyword_only = {}, 0, 1, false
  local function add(text)
    text = text:match "^%s*(.-)%s*$"
    if text == "*" then
      keyword_only = true
    elseif text ~= "" then
      list[#list + 1] = parameter(text)
      list[#list].keyword_only = keyword_only
    end
  end
  for i = 1, #inside do
    local c = inside:sub(i, i)
    if c == "(" or c == "[" then depth = depth + 1 elseif c == ")" or c == "]" then depth = depth - 1 end
    if c == "," and depth == 0 then
      add(inside:sub(from, i - 1))
      from = i + 1
    end
  end
  add(inside:sub(from))
  return list
end

local words = {
  reduce = "sum", rounding_mode = "floor", UPLO = "L", mode = "reduced", equation = "ij,jk->ik", indexing = "ij",
  approximate = "none", driver = "gels", padding = "valid", ord = "fro", side = "left", norm = "forward",
  pad_mode = "constant", weight_reduce = "sum", interpolate_mode = "bilinear",
}

local function scalar(p)
  local kind, name = p.type, p.name
  if kind == "Tensor" then
    if name:match "ind" or name == "target" or name:match "offsets" or name:match "^idx" then
      return torch.zeros({2, 2}, {dtype = "int64"})
    elseif name == "mask" or name == "condition" then
      return torch.ones({2, 2}, {dtype = "bool"})
    end
    return torch.eye(2) + 1
  elseif kind == "Scalar" or kind == "number" then
    return 1
  elseif kind == "int" or kind == "SymInt" then
    if p.default and tonumber(p.default) and not p.list then return math.tointeger(tonumber(p.default)) end
    return name:match "dim" and 0 or name:match "2$" and 1 or p.list and 1 or name:match "^n" and 2 or 1
  elseif kind == "float" then
    return 0.5
  elseif kind == "bool" then
    return p.default == "True"
  elseif kind == "str" then
    return words[name] or "sum"
  elseif kind == "ScalarType" then
    return "float32"
  elseif kind == "Layout" then
    return "strided"
  elseif kind == "Device" then
    return "cpu"
  elseif kind == "MemoryFormat" then
    return "contiguous_format"
  elseif kind == "complex" then
    return 1.0
  end
end

local function value(p)
  if p.type == "Generator" or p.type == "Storage" then return nil end
  if not p.list then return scalar(p) end
  local n = p.size or (p.name:match "^dims?$" and 1) or 2
  local list = {}
  for i = 1, n do list[i] = scalar(p) end
  return list
end

local function arguments(schema)
  local positional, named, n = {}, {}, 0
  for _, p in ipairs(parameters(schema)) do
    if p.keyword_only then
      named[p.name] = value(p)
    else
      n = n + 1
      positional[n] = value(p)
    end
  end
  if next(named) then
    n = n + 1
    positional[n] = named
  end
  return positional, n
end

-- libtorch does not check the shapes of these and would read past their memory: they get fitting ones.
local function ones(...) return torch.ones({...}) end
local fitting = {
  gru_cell = {ones(2, 2), ones(2, 2), ones(6, 2), ones(6, 2), ones(6), ones(6)},
  lstm_cell = {ones(2, 2), {ones(2, 2), ones(2, 2)}, ones(8, 2), ones(8, 2), ones(8), ones(8)},
  _thnn_differentiable_gru_cell_backward = {ones(2, 2), ones(2, 6), ones(2, 6), ones(2, 2), ones(6), ones(6)},
  _thnn_differentiable_lstm_cell_backward = {ones(2, 2), ones(2, 2), ones(2, 8), ones(2, 8), ones(8), ones(8),
    ones(2, 2), ones(2, 2)},
}

-- Lua has no generator objects: these are the overloads without one.
local function differs_by_generator(name)
  return name:match "generator" ~= nil
end

TestCoverage = {}

function TestCoverage:test_every_overload()
  local trace = os.getenv "MOONLARK_TRACE" -- names each call before it is made: the last one named is what crashed
  local counts = {names = 0, overloads = 0, usable = 0, chosen = 0, generator = 0, ran = 0, refused = 0}
  local reasons, siblings, unconverted = {}, {}, {}
  torch.manual_seed(1)
  torch.show_warnings(false)
  for _, name in ipairs(torch.operators()) do
    counts.names = counts.names + 1
    for _, overload in ipairs(engine.overloads(name)) do
      counts.overloads = counts.overloads + 1
      if overload.unusable then
        reasons[overload.unusable] = (reasons[overload.unusable] or 0) + 1
      else
        counts.usable = counts.usable + 1
        local given, n = arguments(overload.schema)
        if fitting[name] then given, n = fitting[name], #fitting[name] end
        local ok, chosen = pcall(torch.resolve, name, table.unpack(given, 1, n))
        if not ok then
          unconverted[#unconverted + 1] = chosen
        elseif chosen == overload.name then
          counts.chosen = counts.chosen + 1
        elseif differs_by_generator(overload.name) then
          counts.generator = counts.generator + 1
        else
          siblings[#siblings + 1] = overload.name .. " got " .. chosen
        end
        if trace then io.stderr:write(overload.schema, "\n") end
        local ran, message = pcall(engine.operator(name), table.unpack(given, 1, n))
        counts[ran and "ran" or "refused"] = counts[ran and "ran" or "refused"] + 1
        if not ran then -- by libtorch, for the values: never by the conversion
          lu.assertNotStrContains(message, "\n  schema: ")
          lu.assertStrContains(message, name)
        end
      end
    end
  end
  print(("libtorch %s: %d overloads of %d operators, %d of them usable from Lua"):format(torch.version,
    counts.overloads, counts.names, counts.usable))
  print(("%d chosen by arguments made from their schema, %d differ only by a generator, %d got a sibling")
    :format(counts.chosen, counts.generator, #siblings))
  print(("%d ran, %d were refused by libtorch for the values given"):format(counts.ran, counts.refused))
  local listed = {}
  for reason, count in pairs(reasons) do listed[#listed + 1] = ("%5d  %s"):format(count, reason) end
  table.sort(listed, function(a, b) return a > b end)
  print("not usable from Lua:\n" .. table.concat(listed, "\n"))
  lu.assertEquals(unconverted, {})
  lu.assertEquals(siblings, {})
  lu.assertTrue(counts.usable >= 1700 and counts.ran >= 1000)
end

os.exit(lu.LuaUnit.run())
