--- Attention maps: where in a song a transformer looks.
---
--- The maps of a layer are computed from what that layer is given, in blocks of queries, and made smaller block by
--- block. Rollout follows attention through all layers: Abnar and Zuidema (2020). Weighted by the gradient of a class,
--- a map shows what speaks for it: Chefer et al. (2021), of one layer.
local SelfAttention = require "moonlark.nn.self_attention"
local engine = require "moonlark.feature.engine"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local attention = {}

local integer, choice = options.integer, options.choice

--- What attention maps can be told.
attention.options = {
  layer = integer(-1, nil, "0 is the first, -1 the last"),
  head = options.either("mean", {choice {"mean"}, integer(nil, {least = 0})}, "one head, or the mean of all"),
  query = options.either(nil, {choice {"mean", "all"}, options.number(nil, {least = 0, unit = "s"})},
    "who looks: a moment of the song, all moments on average, or all of them, a row each",
    {usual = "what the class is told from, else the mean of all"}),
  rollout = options.boolean(false, "follow attention through all layers up to this one"),
  class = options.text(nil, "weight the map by what speaks for this class"),
}

-- The encoder's attentions, first layer first.
local function layers_of(net)
  local list = {}
  for name, module in net:named_modules() do
    if module.weights == SelfAttention.weights and not name:find "decoder" then list[#list + 1] = module end
  end
  return list
end

-- Calls f while some attentions are watched.
local function watching(watched, watcher, f)
  local _ <close> = finally(function()
    for _, one in ipairs(watched) do one.watcher = nil end
  end)
  for _, one in ipairs(watched) do one.watcher = watcher end
  return f()
end

-- How a network arranges what looks and is looked at: `special` tokens first, then rows × columns, time along columns.
-- Patches of rows know which rows of the input they hear: row_step, row_size.
local function grid_of(net, x, layer)
  if net.tokens then return net:tokens(x) end
  local count
  torch.no_grad(watching, {layer}, function(_, given) count = given:size(1) end, function() return net(x) end)
  return {special = 0, rows = 1, columns = count}
end

-- [n, heads, q, t] as [n, q, t]: one head, or the mean.
local function of_head(weights, head)
  return head == "mean" and weights:mean {1} or weights:select(1, head)
end

-- The whole map of an input, one head or their mean: [n, t, t], without gradients.
local function whole(self, x, layer, head)
  local map
  torch.no_grad(watching, {layer}, function(one, given, mask)
    map = one:weights(given, mask, function(block) return of_head(block, head):unsqueeze(1) end):squeeze(1)
  end, function() return self.net(x) end)
  return map
end

-- Rows of a map, averaged by `rows_of` block by block: [n, t].
local function averaged(self, x, layer, head, special)
  local sum, count
  torch.no_grad(watching, {layer}, function(one, given, mask)
    count = special > 0 and special or given:size(1)
    sum = one:weights(given, mask, function(block, first)
      local rows = of_head(block, head)
      if special > 0 then rows = first < special and rows:narrow(1, 0, special) or rows:narrow(1, 0, 0) end
      return rows:sum({1}, true):unsqueeze(1)
    end):sum {1, 2}
  end, function() return self.net(x) end)
  return sum / count
end

-- Attention through layers: each looks half at itself, half where its heads look on average.
local function rolled(self, x, layers, last)
  local map
  torch.no_grad(function()
    for i = 1, last do
      local own = whole(self, x, layers[i], "mean")
      own = own * 0.5 + torch.eye(own:size(-1), {device = own:device()}) * 0.5
      map = map and own:matmul(map) or own
    end
  end)
  return map
end

-- Which parameters were trained, put to rest while f runs: gradients are wanted of the map alone.
local function at_rest(net, f)
  local trained = {}
  for _, parameter in ipairs(net:parameters()) do
    if parameter:requires_grad() then trained[#trained + 1] = parameter:requires_grad_(false) end
  end
  local _ <close> = finally(function()
    for _, parameter in ipairs(trained) do parameter:requires_grad_(true) end
  end)
  return f()
end

-- What speaks for a class: weights times their gradients where both push it up, the mean of the heads. [n, t, t].
local function weighted(self, x, layer, head, class)
  return at_rest(self.net, function()
    local weights
    local logits = watching({layer}, function(one, given, mask)
      weights = one:weights(given, mask):detach():requires_grad_(true)
      return weights
    end, function() return self.net(x) end)
    local gradient = torch.grad(logits:select(-1, class):sum(), weights)
    return of_head((weights:detach() * gradient):clamp_min(0), head)
  end)
end

-- The id of a class by its name.
local function class_id(self, name)
  for i, known in ipairs(self.names or {}) do
    if known == name then return i - 1 end
  end
  if not self.names then self:fail("class needs a model that tells classes") end
  options.unknown("class of " .. self.family.name, name, self.names)
end

-- Rows of a map [n, t, t] as the option `query` wants them: [n, t], or [n, t, t] of "all".
local function chosen(map, query, grid, moment)
  if query == "all" then return map end
  if type(query) == "number" then
    local tokens = {}
    for row = 0, grid.rows - 1 do tokens[row + 1] = grid.special + row * grid.columns + moment end
    return map:index_select(1, torch.tensor(tokens, {dtype = "int64"})):mean {1}
  end
  local special = query == nil and grid.special or 0
  return (special > 0 and map:narrow(1, 0, special) or map):mean {1}
end

-- The map of one batch of windows: [n, t], or [n, t, t].
local function map_of(self, x, o, layers, grid, moment)
  local last = o.layer < 0 and #layers + o.layer + 1 or o.layer + 1
  local layer = layers[last]
  if o.rollout then return chosen(rolled(self, x, layers, last), o.query, grid, moment) end
  if o.class then return chosen(weighted(self, x, layer, o.head, class_id(self, o.class)), o.query, grid, moment) end
  if o.query == nil or o.query == "mean" then
    return averaged(self, x, layer, o.head, o.query == nil and grid.special or 0)
  end
  return chosen(whole(self, x, layer, o.head), o.query, grid, moment)
end

local function check(self, o, layers)
  if #layers == 0 then self:fail("this %s has no attention to look at", self.family.name) end
  if o.layer >= #layers or o.layer < -#layers then
    self:fail("layer must be %d..%d, got %d", -#layers, #layers - 1, o.layer)
  end
  if o.head ~= "mean" and o.head >= layers[1].heads then
    self:fail("head must be 0..%d, got %d", layers[1].heads - 1, o.head)
  end
  if o.rollout and (o.class or o.head ~= "mean") then
    self:fail "rollout goes through the mean of all heads, without a class"
  end
end

-- The frequencies of rows of tokens, where the network hears a mel spectrogram; nil for one row.
local function row_axis(self, grid)
  local front = self.front.feature
  if grid.rows == 1 or not (front and grid.row_size) then return nil end
  local probe = signal.new {data = torch.zeros {self.front.rate}, rate = self.front.rate, kind = "waveform"}
  local centres, values = engine.compute(front[1], probe, front[2]).axis.values, {}
  for row = 1, grid.rows do values[row] = centres[(row - 1) * grid.row_step + grid.row_size // 2 + 1] end
  return {name = "frequency", unit = "Hz", scale = "mel", values = values}
end

-- The tokens of time of [n, t] as rows × (n columns).
local function laid_out(map, grid)
  local n = map:size(0)
  return map:narrow(1, grid.special, grid.rows * grid.columns):reshape {n, grid.rows, grid.columns}
    :transpose(0, 1):reshape {grid.rows, n * grid.columns}
end

-- A Signal of one window's map: a row for each moment that looks.
local function square(self, map, grid, seconds, start)
  if grid.rows > 1 then self:fail "query = 'all' is of networks that hear frame after frame; name a moment" end
  local n, rate = grid.columns, grid.columns / seconds
  local times = {}
  for i = 1, n do times[i] = start + (i - 1) / rate end
  return signal.new {data = map[0], rate = rate, start = start, kind = "attention", made = {model = self.found.path},
    axis = {name = "looking", unit = "s", values = times}}
end

-- The column of tokens that hears a moment; nil where none of this window does.
local function column_at(seconds, window, grid)
  local column = math.floor((seconds - window.start) / window.seconds * grid.columns)
  return column >= 0 and column < grid.columns and column or nil
end

-- The Signal of all windows' maps, one after the other, no longer than the song.
local function over_time(self, parts, grid, o, duration)
  local data = {}
  for i, part in ipairs(parts) do data[i] = part.data end
  local joined = signal.new {data = torch.cat(data, 1), rate = parts[1].rate, start = parts[1].start,
    kind = "attention", axis = row_axis(self, grid), made = {model = self.found.path, layer = o.layer}}
  return joined:slice(joined.start, joined.start + math.max(duration, 1 / joined.rate))
end

--- Where a transformer looks, as a Signal over the song's time: what Pretrained:attention gives.
---@param self moonlark.Pretrained
---@param windows {start: number, seconds: number, input: fun(): moonlark.Tensor}[]  of a song, one after the other
---@param duration number  of the song, seconds
---@param o moonlark.Pretrained.attention.Options
---@return moonlark.Signal
function attention.map(self, windows, duration, o)
  local layers, parts, grid = layers_of(self.net), {}, nil
  check(self, o, layers)
  for _, window in ipairs(windows) do
    local x, moment = window.input(), nil
    grid = grid_of(self.net, x, layers[1])
    if type(o.query) == "number" then moment = column_at(o.query, window, grid) end
    if moment or type(o.query) ~= "number" then
      local map = map_of(self, x, o, layers, grid, moment):float():cpu()
      if o.query == "all" then return square(self, map, grid, window.seconds, window.start) end
      parts[#parts + 1] = {data = laid_out(map, grid), start = window.start, rate = grid.columns / window.seconds}
    end
  end
  if #parts == 0 then self:fail("query must be a moment of the song, got %g s", o.query) end
  return over_time(self, parts, grid, o, duration)
end

return attention
