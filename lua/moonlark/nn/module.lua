--- Module: a part of a network that knows its parameters, its buffers and the modules within it.
local file = require "moonlark.nn.file"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local store = require "moonlark_core".store
local torch = require "moonlark.torch"

--- A part of a network: the base of all modules and of one's own. PyTorch: Module.
---
--- A module or an nn.Parameter that is assigned to a field is registered, in order; the field then reads as the module
--- or the plain tensor. Names in state dicts are PyTorch's: "body.0.weight". An error inside forward names the path of
--- the module, what it expected and what it got.
---     local Net = nn.Module:extend "Net"
---     function Net:init(classes)
---       self.body = nn.Linear(40, 64)
---       self.head = nn.Linear(64, classes)
---       self.scale = nn.Parameter(torch.ones {1})
---     end
---     function Net:forward(x) return self.head(self.body(x):relu()) * self.scale end
---     local y = Net(10)(x)
---@class moonlark.nn.Module
---@field training boolean  true after train(), false after eval()
---@field [string] any  what `init` makes: layers, parameters; and methods of its own
local Module = {__name = "Module"}

-- Values by name, and the order of the names.
local function registry() return {order = {}, values = {}} end

local function put(kept, name, value)
  if kept.values[name] == nil then kept.order[#kept.order + 1] = name end
  kept.values[name] = value
end

local function drop(kept, name)
  kept.values[name] = nil
  for i, other in ipairs(kept.order) do
    if other == name then table.remove(kept.order, i) break end
  end
end

-- parameters ---------------------------------------------------------------------

local Parameter = {__name = "nn.Parameter"}

local tensor_option = options.tensor(options.required)
local parameter_options = options.describe("nn.Parameter", {
  requires_grad = options.boolean(true, "whether it is trained, not only saved"),
})

--- Marks a tensor as a parameter: assigned to a module's field, it is trained and saved. One that is trained already
--- stays the same tensor, so that modules can share it.
---     head.weight = nn.Parameter(embed.weight)
---@param tensor moonlark.Tensor
---@param given moonlark.nn.Parameter.Options?
---@return table
local function parameter(tensor, given)
  tensor_option:check("nn.Parameter", "tensor", tensor)
  local wanted = parameter_options:read(given).requires_grad
  local trained = wanted and tensor:requires_grad() and tensor:is_leaf()
  return setmetatable({tensor = trained and tensor or tensor:detach():requires_grad_(wanted)}, Parameter)
end

local function is_module(value) return type(value) == "table" and rawget(value, "_modules") ~= nil end

-- calls, and errors that say where ------------------------------------------------

-- The path to a module within another, also through lists that are never called themselves.
local function path_within(parent, child)
  for _, name in ipairs(parent._modules.order) do
    local value = parent._modules.values[name]
    if value == child then return name end
    local rest = path_within(value, child)
    if rest then return name .. "." .. rest end
  end
end

local function shape_text(value)
  return torch.is_tensor(value) and "[" .. table.concat(value:shape(), ", ") .. "]" or type(value)
end

-- "features.3 (Conv2d(3, 8, …)): expected input [n, 3, h, w], got [4, 1, 28, 28]: message"
local function explain(message, trace)
  if type(message) ~= "string" or message:find("interrupted", 1, true) then return message end
  local names, modules = {}, trace.modules
  for i = 2, trace.depth do names[i - 1] = path_within(modules[i - 1], modules[i]) or modules[i].__name end
  local module = modules[trace.depth]
  local path = #names > 0 and table.concat(names, ".") .. " " or ""
  local expected = module.expects and module:expects()
  return ("%s(%s): %s got %s: %s"):format(path, module:describe(),
    expected and "expected input " .. expected .. "," or "input", shape_text(trace.inputs[trace.depth]), message)
end

-- The end of the outermost call closes the trace, also after Ctrl-C, which passes through pcall.
local Trace = {__close = function(trace) trace.depth = 0 end}

local function leave(trace, before, ...)
  trace.depth = before
  return ...
end

local function run(trace, self, ...)
  local before = trace.depth
  local depth = before + 1
  trace.depth, trace.modules[depth], trace.inputs[depth] = depth, self, (...)
  return leave(trace, before, self:forward(...))
end

-- What each coroutine computes: modules[1 .. depth], outermost first, and what each was given; only errors read it.
-- `run` calls a module; summary looks on in its place.
local traces = setmetatable({}, {__mode = "k", __index = function(self, thread)
  self[thread] = setmetatable({modules = {}, inputs = {}, depth = 0, run = run}, Trace)
  return self[thread]
end})
local running = coroutine.running

local function finish(trace, ok, ...)
  if ok then return ... end
  error(trace.depth > 0 and explain((...), trace) or (...), 0)
end

-- The outermost call catches, to say where an error came from; those within cost a few instructions.
local function call(self, ...)
  local trace = traces[running()]
  if trace.depth > 0 then return trace.run(trace, self, ...) end
  local _ <close> = trace
  return finish(trace, pcall(trace.run, trace, self, ...))
end

-- fields ----------------------------------------------------------------------------

local function read_field(class)
  return function(self, key)
    local value = rawget(self, "_parameters").values[key]
    if value ~= nil then return value end
    value = rawget(self, "_modules").values[key]
    if value ~= nil then return value end
    value = rawget(self, "_buffers").values[key]
    if value ~= nil then return value end
    if type(key) == "number" then return rawget(self, "_modules").values[tostring(key)] end -- net[0]
    return class[key]
  end
end

local function write_field(self, key, value)
  local parameters, modules, buffers = self._parameters, self._modules, self._buffers
  if getmetatable(value) == Parameter then
    put(parameters, key, value.tensor)
  elseif is_module(value) then
    put(modules, key, value)
  elseif buffers.values[key] ~= nil and (value == nil or torch.is_tensor(value)) then
    if value == nil then drop(buffers, key) else put(buffers, key, value) end
  elseif value == nil then
    drop(parameters, key)
    drop(modules, key)
  elseif parameters.values[key] ~= nil then
    show.fail("%s is a parameter: assign nn.Parameter(tensor), got %s", key, type(value))
  else
    rawset(self, key, value)
  end
end

local function construct(class, ...)
  local self = setmetatable({
    _parameters = registry(), _buffers = registry(), _modules = registry(), training = true,
  }, class._instance)
  if class.init then class.init(self, ...) end
  return self
end

--- A class of one's own: define `init`, which gets what the constructor is given, and `forward`.
---     local Net = nn.Module:extend "Net"
---@param name string
---@return table class
function Module:extend(name)
  if type(name) ~= "string" then show.fail("name must be a string, got %s", type(name)) end
  local class = setmetatable({__name = name}, {__index = self, __call = construct, __name = "nn class"})
  class._instance = {
    __index = read_field(class), __newindex = write_field, __call = call, __name = name, __class = class,
    __tostring = function(module) return Module.text(module) end,
  }
  return class
end

--- What a module computes; each class defines its own. Call the module, net(x), not this: errors then say where.
---     function Net:forward(x) return self.head(self.body(x):relu()) end
function Module:forward() show.fail("%s has no forward", self.__name) end

--- Registers a tensor that is saved and moved with the module, but not trained.
---     net:register_buffer("mean", torch.zeros {40})
---@param name string
---@param tensor moonlark.Tensor
function Module:register_buffer(name, tensor)
  if not torch.is_tensor(tensor) then show.fail("buffer %s must be a tensor, got %s", name, type(tensor)) end
  put(self._buffers, name, tensor)
end

-- walking -----------------------------------------------------------------------------

-- {name, module} of the module and all within it, in order, added to a list.
local function add_within(list, prefix, module)
  list[#list + 1] = {prefix, module}
  for _, name in ipairs(module._modules.order) do
    add_within(list, prefix == "" and name or prefix .. "." .. name, module._modules.values[name])
  end
  return list
end

-- An iterator over such a list: a name and a value each time.
local function each(list)
  local i = 0
  return function()
    i = i + 1
    if list[i] then return list[i][1], list[i][2] end
  end
end

local both = {"_parameters", "_buffers"}

-- {name, tensor, kept = registry, key =} of all tensors of these registries.
local function tensors_of(self, kinds)
  local list = {}
  for prefix, module in self:named_modules() do
    for _, kind in ipairs(kinds) do
      for _, key in ipairs(module[kind].order) do
        local name = prefix == "" and key or prefix .. "." .. key
        list[#list + 1] = {name, module[kind].values[key], kept = module[kind], key = key}
      end
    end
  end
  return list
end

-- The same of one registry, without those that came before under another name.
local function once(self, kind)
  local seen, kept = {}, {}
  for _, entry in ipairs(tensors_of(self, {kind})) do
    if not seen[entry[2]] then kept[#kept + 1] = entry end
    seen[entry[2]] = true
  end
  return kept
end

local function column(list, i)
  local values = {}
  for row, entry in ipairs(list) do values[row] = entry[i] end
  return values
end

--- All parameters, also of modules within, in order; one that is shared comes once.
---     local opt = optim.AdamW(net:parameters(), {lr = 1e-3})
---@return moonlark.Tensor[]
function Module:parameters() return column(once(self, "_parameters"), 2) end

--- All buffers, also of modules within, in order; one that is shared comes once.
---     for i, buffer in ipairs(net:buffers()) do print(i, buffer) end
---@return moonlark.Tensor[]
function Module:buffers() return column(once(self, "_buffers"), 2) end

--- All parameters with their names, in order; one that is shared comes once.
---     for name, tensor in net:named_parameters() do print(name, tensor:numel()) end
---@return fun(): string?, moonlark.Tensor?
function Module:named_parameters() return each(once(self, "_parameters")) end

--- The module itself, under the name "", and all within it.
---     for name, module in net:named_modules() do print(name, module:describe()) end
---@return fun(): string?, moonlark.nn.Module?
function Module:named_modules() return each(add_within({}, "", self)) end

--- The modules directly within, in order.
---     local stem = net:children()[1]
---@return moonlark.nn.Module[]
function Module:children()
  local list = {}
  for i, name in ipairs(self._modules.order) do list[i] = self._modules.values[name] end
  return list
end

-- A deep copy; `copies` knows what was copied already, so that what was shared stays shared.
local function copy(value, copies)
  if copies[value] then return copies[value] end
  if torch.is_tensor(value) then
    copies[value] = value:detach():clone():requires_grad_(value:requires_grad())
    return copies[value]
  end
  if type(value) ~= "table" or getmetatable(value) and not is_module(value) then return value end
  local new = {}
  copies[value] = new
  for key, inner in next, value do new[key] = copy(inner, copies) end
  return is_module(value) and setmetatable(new, getmetatable(value)) or new
end

--- A copy of the module with parameters, buffers and modules of its own, without gradients. What was shared within
--- the module (tied weights) is shared within the copy; other objects in its fields are the same ones.
---     local before = net:clone()
---@return moonlark.nn.Module
function Module:clone() return copy(self, {}) end

-- modes -------------------------------------------------------------------------------

--- Training mode or, with false, evaluation: dropout and batch statistics depend on it.
---     net:train()
---@param mode boolean?  default true
---@return moonlark.nn.Module self
function Module:train(mode)
  for _, module in self:named_modules() do rawset(module, "training", mode ~= false) end
  return self
end

--- Evaluation mode: train(false).
---     local y = net:eval()(x)
---@return moonlark.nn.Module self
function Module:eval() return self:train(false) end

local function require_grad(self, pattern, wanted)
  local changed = 0
  for name, tensor in self:named_parameters() do
    if not pattern or name:find(pattern) then
      tensor:requires_grad_(wanted)
      changed = changed + 1
    end
  end
  if changed == 0 then show.fail("no parameter's name matches '%s'", pattern or "") end
  return self
end

--- Keeps parameters from being trained. Errors: no name matches the pattern.
---     net:freeze "^body%."
---@param pattern string?  a Lua pattern of names; all unless given
---@return moonlark.nn.Module self
function Module:freeze(pattern) return require_grad(self, pattern, false) end

--- Trains parameters again, which freeze had kept from it. Errors: no name matches the pattern.
---     net:unfreeze "^body%.3%."
---@param pattern string?  a Lua pattern of names; all unless given
---@return moonlark.nn.Module self
function Module:unfreeze(pattern) return require_grad(self, pattern, true) end

--- Forgets all gradients.
---     net:zero_grad()
function Module:zero_grad()
  for _, tensor in ipairs(self:parameters()) do tensor:set_grad(nil) end
end

--- Where the parameters are: "cpu", "cuda:0". A module without any is on the CPU.
---     x = x:to(net:device())
---@return string
function Module:device()
  local first = tensors_of(self, both)[1]
  return first and first[2]:device() or "cpu"
end

local floating = {float32 = true, float64 = true, float16 = true, bfloat16 = true}

--- Moves parameters and buffers to a device ("cuda", "cpu") or a floating dtype ("bfloat16": integers stay). Make
--- optimisers after it: tensors that move are new ones; those that are there already stay.
---     net:to "cuda"
---@param where string
---@return moonlark.nn.Module self
function Module:to(where)
  local moved = {}
  for _, entry in ipairs(tensors_of(self, both)) do
    local tensor = entry[2]
    if not floating[where] or floating[tensor:dtype()] then
      local there = moved[tensor] or tensor:detach():to(where)
      if there:device() ~= tensor:device() or there:dtype() ~= tensor:dtype() then
        moved[tensor] = there
        entry.kept.values[entry.key] = there:requires_grad_(tensor:requires_grad())
      end
    end
  end
  return self
end

-- state ---------------------------------------------------------------------------------

--- Parameters and buffers by name, sharing memory with the module.
---     local weight = net:state_dict()["0.weight"]
---@return table<string, moonlark.Tensor>
function Module:state_dict()
  local state = {}
  for _, entry in ipairs(tensors_of(self, both)) do state[entry[1]] = entry[2]:detach() end
  return state
end

--- The names of a state dict in PyTorch's order.
---     print(table.concat(net:state_keys(), "\n"))
---@return string[]
function Module:state_keys() return column(tensors_of(self, both), 1) end

-- Least numbers of the ordinary format. Below, processors are a hundred times slower; float16's own are not.
local least = {float32 = 2.0 ^ -126, bfloat16 = 2.0 ^ -126, float64 = 2.0 ^ -1022}

-- The tensor itself where it holds none.
local function without_subnormals(tensor)
  local bound = least[tensor:dtype()]
  if not bound or tensor:device() == "cpu" and not store.holds_subnormals(tensor) then return tensor end
  return tensor:masked_fill(tensor:abs():lt(bound), 0)
end

-- Why a state does not fit, in lines: names that are missing, other shapes, names that nobody knows.
local function faults_of(entries, state, strict)
  local known, faults, extra = {}, {}, {}
  for name, tensor in each(entries) do
    local value = state[name]
    known[name] = true
    if value == nil and strict then faults[#faults + 1] = "missing: " .. name end
    if value ~= nil and shape_text(value) ~= shape_text(tensor) then
      faults[#faults + 1] = ("shape: %s is %s, the state has %s"):format(name, shape_text(tensor), shape_text(value))
    end
  end
  for name in pairs(strict and state or {}) do
    if not known[name] then extra[#extra + 1] = "unknown: " .. name end
  end
  table.sort(extra)
  return table.move(extra, 1, #extra, #faults + 1, faults)
end

local loading = options.describe("Module:load_state_dict", {
  strict = options.boolean(true, "false leaves out names that only one side knows"),
  assign = options.boolean(false, "the state's tensors become the module's, in place of copies of them"),
})

-- Puts a state's tensors in the place of the module's; what was shared within the module stays shared.
local function assign(entries, state)
  local placed = {}
  for _, entry in ipairs(entries) do
    local name, old = entry[1], entry[2]
    if state[name] and not placed[old] then
      placed[old] = without_subnormals(state[name]:detach()):requires_grad_(old:requires_grad())
    end
  end
  for _, entry in ipairs(entries) do
    if placed[entry[2]] then entry.kept.values[entry.key] = placed[entry[2]] end
  end
end

--- Copies a state dict's values into the module; numbers too small for the ordinary format (subnormal ones, below
--- 1.2e-38 in float32) become zeros, as they are in all that libtorch computes here. Nothing is copied when a name is
--- missing, unknown or has another shape: the error lists all of them.
---
--- With `assign` the module takes the tensors themselves, with their dtype and device: of weights in a mapped file
--- nothing is copied but tensors that hold subnormal numbers. Make optimisers after it.
---     net:load_state_dict(other:state_dict())
---     net:load_state_dict(torch.load "large.safetensors", {assign = true})
---@param state table<string, moonlark.Tensor>
---@param given moonlark.Module.load_state_dict.Options?
---@return moonlark.nn.Module self
function Module:load_state_dict(state, given)
  local o, entries = loading:read(given), tensors_of(self, both)
  local faults = faults_of(entries, state, o.strict)
  if #faults > 0 then show.fail("the state does not fit %s:%s", self.__name, faults) end
  torch.no_grad(function()
    if o.assign then return assign(entries, state) end
    for name, tensor in each(entries) do
      if state[name] then tensor:copy_(without_subnormals(state[name])) end
    end
  end)
  return self
end

--- Writes the state to a .safetensors file; a network of models/ also writes its card (see moonlark.nn.file).
---     net:save "net.safetensors"
---@param path string
function Module:save(path)
  if self.card then return file.write(path, self:state_dict(), self.card) end
  torch.save(path, self:state_dict())
end

--- Reads the state from a .safetensors file, as load_state_dict does.
---     net:load("net.safetensors", {strict = false})
---@param path string
---@param given moonlark.Module.load_state_dict.Options?
---@return moonlark.nn.Module self
function Module:load(path, given) return self:load_state_dict(torch.load(path), given) end

-- in words --------------------------------------------------------------------------------

--- The module in a line, without those within it: "Linear(40, 10)".
---     print(net[0]:describe())
---@return string
function Module:describe()
  return self.__name .. (self.arguments and "(" .. self:arguments() .. ")" or "")
end

--- The module and those within it, a line each, as print shows it.
---     local lines = net:text()
---@return string
function Module:text()
  if #self._modules.order == 0 then return self:describe() end
  local lines = {}
  for _, name in ipairs(self._modules.order) do
    lines[#lines + 1] = "  (" .. name .. "): " .. tostring(self._modules.values[name]):gsub("\n", "\n  ")
  end
  return self:describe() .. " {\n" .. table.concat(lines, "\n") .. "\n}"
end

--- How many numbers the parameters hold, and how many of those are trained.
---     local total, trained = net:count()
---@return integer total
---@return integer trained
function Module:count()
  local total, trained = 0, 0
  for _, tensor in ipairs(self:parameters()) do
    total = total + tensor:numel()
    if tensor:requires_grad() then trained = trained + tensor:numel() end
  end
  return total, trained
end

-- A table that fits its widest entries: the last column to the right.
local function columns(rows)
  local widths, forms, lines = {}, {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, utf8.len(tostring(cell)) or 0) end
  end
  for i, width in ipairs(widths) do forms[i] = (i < #widths and "%%-%ds" or "%%%ds"):format(width) end
  local form = table.concat(forms, "  ")
  for i, row in ipairs(rows) do lines[i] = form:format(table.unpack(row)) end
  return table.concat(lines, "\n")
end

local function own_count(module)
  local count = 0
  for _, key in ipairs(module._parameters.order) do count = count + module._parameters.values[key]:numel() end
  return count
end

local function total(net) return ("\n%d parameters, %d of them trained"):format(net:count()) end

-- The modules with their parameters, without a run.
local function inventory(net)
  local rows = {{"name", "module", "parameters"}}
  for name, module in net:named_modules() do rows[#rows + 1] = {name, module:describe(), own_count(module)} end
  return columns(rows) .. total(net)
end

--- A table of the modules, in the order in which they compute, with the shapes of their results and their numbers of
--- parameters. It is made by a run in evaluation mode; an error there says where. Without a shape there is no run: the
--- modules stand in the order in which they were made.
---     print(net:summary {8, 1, 128, 130})
---@param shape integer[]|moonlark.Tensor|nil  of an input of zeros, batch included; or an input
---@return string
function Module:summary(shape)
  if shape == nil then return inventory(self) end
  if not torch.is_tensor(shape) and (type(shape) ~= "table" or math.type(shape[1]) ~= "integer") then
    show.fail("shape must be the sizes of an input, such as {8, 1, 128, 130}, or an input, got %s", type(shape))
  end
  local names, modes, rows = {}, {}, {{"name", "module", "result", "parameters"}}
  for name, module in self:named_modules() do names[module], modes[module] = name, module.training end
  local trace, before = traces[running()], traces[running()].depth
  trace.run = function(_, module, ...)
    local row = {names[module] or "?", module:describe(), "", 0}
    rows[#rows + 1] = row
    local results = table.pack(run(trace, module, ...))
    row[3], row[4] = shape_text(results[1]), own_count(module)
    return table.unpack(results, 1, results.n)
  end
  local ok, message = pcall(function()
    local like = self:parameters()[1]
    local input = torch.is_tensor(shape) and shape or
      torch.zeros(shape, like and {dtype = like:dtype(), device = like:device()} or {})
    torch.no_grad(function() self:eval()(input) end)
  end)
  trace.run, trace.depth = run, before
  for module, mode in pairs(modes) do rawset(module, "training", mode) end
  if not ok then error(message, 0) end
  return columns(rows) .. total(self)
end

return {Module = Module, Parameter = parameter, is_module = is_module}
