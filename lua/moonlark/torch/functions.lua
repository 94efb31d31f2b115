--- Functions that PyTorch writes in Python, with the same names, made of libtorch's operators.
local engine = require "moonlark.torch.engine"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.torch
local functions = {}

-- An operator of libtorch, looked up when it is called first.
local call = setmetatable({}, {__index = function(self, name)
  local operator = engine.operator(name)
  if not operator then show.fail("libtorch %s has no operator '%s'", engine.version, name) end
  rawset(self, name, operator)
  return operator
end})

local boolean, choice, integer, number = options.boolean, options.choice, options.integer, options.number
local list, tensor = options.list, options.tensor
local align_help = "the corners of input and output lie on each other, not their edges"

local cross_entropy = options.describe("torch.cross_entropy", {
  weight = tensor(nil, "of each class"),
  ignore_index = integer(-100, nil, "a class id that does not count"),
  reduction = choice({"none", "mean", "sum"}, "mean", "none: a loss for each"),
  label_smoothing = number(0.0, nil, "share of the target that is spread over all classes"),
})

--- Cross entropy between logits (n × classes …) and class ids or probabilities.
---     local loss = torch.cross_entropy(net(x), y, {label_smoothing = 0.1})
---@param input moonlark.Tensor
---@param target moonlark.Tensor  int64 class ids (0-based), or probabilities of the input's shape
---@param given moonlark.torch.cross_entropy.Options?
---@return moonlark.Tensor
function functions.cross_entropy(input, target, given)
  return call.cross_entropy_loss(input, target, cross_entropy:read(given))
end

local interpolate = options.describe("torch.interpolate", {
  size = list(integer(), nil, {single = true}, "of each axis, or of all"),
  scale_factor = list(number(), nil, {single = true}, "of each axis, or of all; in place of a size"),
  mode = choice({"nearest", "linear", "bilinear", "bicubic", "trilinear", "area"}, "nearest",
    "how values between the input's are found"),
  align_corners = boolean(false, align_help),
})

local axes_of = {linear = 1, bilinear = 2, bicubic = 2, trilinear = 3}

-- A list with one item for each axis, from such a list or from one of one item.
local function each_axis(values, axes)
  if not values or #values > 1 then return values end
  local all = {}
  for axis = 1, axes do all[axis] = values[1] end
  return all
end

--- Resizes the axes after batch and channel, n × channels × (1 to 3 axes). Errors: a size and a scale, or neither; a
--- mode for another number of axes.
---     local y = torch.interpolate(x, {scale_factor = 2, mode = "bilinear"})
---@param input moonlark.Tensor
---@param given moonlark.torch.interpolate.Options
---@return moonlark.Tensor
function functions.interpolate(input, given)
  local o = interpolate:read(given)
  local axes = input:dim() - 2
  if axes < 1 or axes > 3 then show.fail("interpolate: input must have 3 to 5 axes, got %d", axes + 2) end
  if (o.size == nil) == (o.scale_factor == nil) then show.fail "interpolate: give size or scale_factor" end
  local size, scales = each_axis(o.size, axes), each_axis(o.scale_factor, axes)
  if o.mode == "area" then
    local shape = size or {}
    for axis, scale in ipairs(scales or {}) do shape[axis] = math.floor(input:size(axis + 1) * scale) end
    return call[("adaptive_avg_pool%dd"):format(axes)](input, shape)
  end
  if o.mode == "nearest" then return call[("upsample_nearest%dd"):format(axes)](input, size, scales) end
  local wanted = axes_of[o.mode] + 2
  if wanted ~= input:dim() then
    show.fail("interpolate: mode %s wants an input of %d axes, got %d", o.mode, wanted, input:dim())
  end
  return call[("upsample_%s%dd"):format(o.mode, axes)](input, size, o.align_corners, scales)
end

local grid_modes = {bilinear = 0, nearest = 1, bicubic = 2} -- libtorch's numbers
local padding_modes = {zeros = 0, border = 1, reflection = 2}

local grid_sample = options.describe("torch.grid_sample", {
  mode = choice({"bilinear", "nearest", "bicubic"}, "bilinear", "how values between the input's are found"),
  padding_mode = choice({"zeros", "border", "reflection"}, "zeros", "what stands outside of the input"),
  align_corners = boolean(false, align_help),
})

--- Samples input (n × c × h × w) at the points of grid (n × h' × w' × 2, -1 to 1).
---     local y = torch.grid_sample(x, torch.affine_grid(theta, x:shape()))
---@param input moonlark.Tensor
---@param grid moonlark.Tensor
---@param given moonlark.torch.grid_sample.Options?
---@return moonlark.Tensor
function functions.grid_sample(input, grid, given)
  local o = grid_sample:read(given)
  return call.grid_sampler(input, grid, grid_modes[o.mode], padding_modes[o.padding_mode], o.align_corners)
end

local affine_grid = options.describe("torch.affine_grid", {align_corners = boolean(false, align_help)})

--- The sampling grid of affine maps theta (n × 2 × 3) for an output of `size`.
---     local grid = torch.affine_grid(theta, {8, 1, 64, 64})
---@param theta moonlark.Tensor
---@param size integer[]
---@param given moonlark.torch.affine_grid.Options?
---@return moonlark.Tensor
function functions.affine_grid(theta, size, given)
  return call.affine_grid_generator(theta, size, affine_grid:read(given).align_corners)
end

local normalize = options.describe("torch.normalize", {
  p = number(2, {infinite = true}, "which norm"),
  dim = integer(1, nil, "the axis"),
  eps = number(1e-12, nil, "the least that is divided by"),
})

--- Divides by the p-norm along an axis (never by less than eps).
---     local y = torch.normalize(x, {dim = -1})
---@param input moonlark.Tensor
---@param given moonlark.torch.normalize.Options?
---@return moonlark.Tensor
function functions.normalize(input, given)
  local o = normalize:read(given)
  return input / call.clamp_min(call.norm(input, o.p, {o.dim}, true), o.eps)
end

local gumbel_softmax = options.describe("torch.gumbel_softmax", {
  tau = number(1, nil, "temperature: the lower, the nearer to one-hot"),
  hard = boolean(false, "one-hot, with the soft one's gradient"),
  dim = integer(-1, nil, "the axis"),
})

--- A sample from the concrete distribution.
---     local y = torch.gumbel_softmax(net(x), {tau = 0.5})
---@param logits moonlark.Tensor
---@param given moonlark.torch.gumbel_softmax.Options?
---@return moonlark.Tensor
function functions.gumbel_softmax(logits, given)
  local o = gumbel_softmax:read(given)
  local noise = -call.log(call.exponential_(call.empty_like(logits)))
  local soft = call.softmax((logits + noise) / o.tau, o.dim)
  if not o.hard then return soft end
  local best = call.argmax(soft, o.dim, true)
  local hard = call.scatter(call.zeros_like(logits), o.dim, best, 1.0)
  return hard - soft:detach() + soft
end

--- log(1 / (1 + exp(-x))).
---     local y = torch.logsigmoid(x)
---@param input moonlark.Tensor
---@return moonlark.Tensor
function functions.logsigmoid(input) return call.log_sigmoid(input) end

--- Zeroes whole channels of n × c × h × w with probability p, while training.
---     local y = torch.dropout2d(x, 0.2, net.training)
---@param input moonlark.Tensor
---@param p number?  default 0.5
---@param training boolean?  default true
---@return moonlark.Tensor
function functions.dropout2d(input, p, training)
  return call.feature_dropout(input, p or 0.5, training ~= false)
end

local local_response_norm = options.describe("torch.local_response_norm", {
  alpha = number(1e-4, nil, "times the mean of the squares"),
  beta = number(0.75, nil, "the exponent"),
  k = number(1.0, nil, "added before the exponent"),
})

--- Divides by a norm over `size` neighbouring channels.
---     local y = torch.local_response_norm(x, 5)
---@param input moonlark.Tensor  n × c …
---@param size integer
---@param given moonlark.torch.local_response_norm.Options?
---@return moonlark.Tensor
function functions.local_response_norm(input, size, given)
  local o = local_response_norm:read(given)
  local shape, channels = input:shape(), input:size(1)
  local squares = call.unsqueeze(call.reshape(input * input, {shape[1], channels, -1}), 1)
  local padded = call.constant_pad_nd(squares, {0, 0, size // 2, (size - 1) // 2})
  local mean = call.squeeze(call.avg_pool2d(padded, {size, 1}, {1, 1}), 1)
  return input / (call.reshape(mean, shape) * o.alpha + o.k) ^ o.beta
end

local unique = options.describe("torch.unique", {
  sorted = boolean(true, "ascending"),
  return_inverse = boolean(false, "also, for each element, the index of its value"),
  return_counts = boolean(false, "also how often each occurs"),
  dim = integer(nil, nil, "the distinct slices along this axis"),
})

--- The distinct values.
---     local values, counts = torch.unique(x, {return_counts = true})
---@param input moonlark.Tensor
---@param given moonlark.torch.unique.Options?
---@return moonlark.Tensor values, moonlark.Tensor? inverse, moonlark.Tensor? counts
function functions.unique(input, given)
  local o = unique:read(given)
  local values, inverse, counts
  if o.dim then
    values, inverse, counts = call.unique_dim(input, o.dim, o.sorted, o.return_inverse, o.return_counts)
  else
    values, inverse, counts = call._unique2(input, o.sorted, o.return_inverse, o.return_counts)
  end
  if o.return_inverse and o.return_counts then return values, inverse, counts end
  if o.return_inverse or o.return_counts then return values, o.return_inverse and inverse or counts end
  return values
end

local stft = options.describe("torch.stft", {
  hop_length = integer(nil, {usual = "n_fft // 4", unit = "samples"}, "between two frames"),
  win_length = integer(nil, {usual = "n_fft", unit = "samples"}, "length of the window"),
  window = tensor(nil, "win_length numbers; ones unless given"),
  center = boolean(true, "frames are centred on their time, the ends padded"),
  pad_mode = options.text("reflect", "how the ends are padded: see torch.pad"),
  normalized = boolean(false, "divided by the root of n_fft"),
  onesided = boolean(options.none, "without the negative frequencies", {usual = "true unless the input is complex"}),
})

--- Short-time Fourier transform of a waveform (or a batch), as PyTorch's: complex, bins × frames. For a Signal, with
--- librosa's conventions, use `feature.stft`.
---     local spectrum = torch.stft(x, 1024, {hop_length = 256})
---@param input moonlark.Tensor
---@param n_fft integer
---@param given moonlark.torch.stft.Options?
---@return moonlark.Tensor
function functions.stft(input, n_fft, given)
  local o = stft:read(given)
  local hop_length, win_length = o.hop_length or n_fft // 4, o.win_length or n_fft
  if o.center then -- padding by reflection wants three axes
    local batch = input:dim() == 1 and call.unsqueeze(input, 0) or input
    batch = call.squeeze(call.pad(call.unsqueeze(batch, 1), {n_fft // 2, n_fft // 2}, o.pad_mode), 1)
    input = input:dim() == 1 and call.squeeze(batch, 0) or batch
  end
  local window = o.window or call.ones({win_length}, {dtype = input:dtype(), device = input:device()})
  return call.stft(input, n_fft, hop_length, win_length, window, o.normalized, o.onesided, true)
end

-- Attention over blocks of queries, so that the scores of one block fit the cache.
local function blocked_attention(query, key, value, o)
  local scale = o.scale or 1 / math.sqrt(query:size(-1))
  local n, keys, transposed = query:size(-2), key:size(-2), call.transpose(key, -2, -1)
  -- While gradients are recorded all scores are kept anyway, and joining blocks costs: then one does.
  local block, parts = engine.is_grad_enabled() and math.max(n, 1) or 128, {}
  for from = 0, n - 1, block do
    local rows = math.min(block, n - from)
    local scores = call.matmul(call.narrow(query, -2, from, rows) * scale, transposed)
    if o.is_causal then
      local later = call.triu(call.ones({rows, keys}, {dtype = "bool", device = query:device()}), from + 1)
      scores = call.masked_fill(scores, later, -math.huge)
    end
    if o.attn_mask then
      local mask = o.attn_mask
      if mask:size(-2) ~= 1 then mask = call.narrow(mask, -2, from, rows) end
      local is_bool = mask:dtype() == "bool"
      scores = is_bool and call.masked_fill(scores, call.logical_not(mask), -math.huge) or scores + mask
    end
    local weights = call.softmax(scores, -1)
    if o.dropout_p > 0 then weights = call.dropout(weights, o.dropout_p, true) end
    parts[#parts + 1] = call.matmul(weights, value)
  end
  return #parts == 1 and parts[1] or call.cat(parts, -2)
end

-- The mask as numbers to add.
local function addend(mask, like)
  if not mask or mask:dtype() ~= "bool" then return mask and mask:convert(like:dtype()) end
  return call.zeros(mask:shape(), {dtype = like:dtype(), device = like:device()})
    :masked_fill(call.logical_not(mask), -math.huge)
end

-- Our own kernel, for what it knows: float32 in four axes on the CPU, without gradients and dropout.
local function own_attention(query, key, value, o)
  local leading = {query:size(0), query:size(1), -1, -1}
  return engine.operator "moonlark::attention"(query, key:expand(leading), value:expand(leading),
    addend(o.attn_mask, query), o.scale or 1 / math.sqrt(query:size(-1)), o.is_causal)
end

local function knows(query, o)
  return query:dim() == 4 and query:dtype() == "float32" and query:device() == "cpu" and o.dropout_p == 0
    and not engine.is_grad_enabled()
end

local attention = options.describe("torch.scaled_dot_product_attention", {
  attn_mask = tensor(nil, "booleans (true takes part), or numbers to add to the scores"),
  dropout_p = number(0.0, nil, "share of the weights that become zeros"),
  is_causal = boolean(false, "the i-th query sees only the first i keys"),
  scale = number(nil, {usual = "1 / sqrt(d)"}, "of the scores"),
})

--- softmax(query · keyᵀ · scale) · value, libtorch's fused kernel where it has one.
---     local y = torch.scaled_dot_product_attention(query, key, value, {is_causal = true})
---@param query moonlark.Tensor  … × n × d
---@param key moonlark.Tensor  … × m × d
---@param value moonlark.Tensor  … × m × e
---@param given moonlark.torch.scaled_dot_product_attention.Options?
---@return moonlark.Tensor
function functions.scaled_dot_product_attention(query, key, value, given)
  local o = attention:read(given)
  local fused = engine.operator "scaled_dot_product_attention"
  if fused then return fused(query, key, value, o) end
  if knows(query, o) then return own_attention(query, key, value, o) end
  return blocked_attention(query, key, value, o)
end

--- Divides by the root mean square over the last axes.
---     local y = torch.rms_norm(x, {64}, weight)
---@param input moonlark.Tensor
---@param shape integer[]  of those axes
---@param weight moonlark.Tensor?
---@param eps number?  default: the dtype's epsilon
---@return moonlark.Tensor
function functions.rms_norm(input, shape, weight, eps)
  local native = engine.operator "rms_norm" -- not in 1.13
  if native then return native(input, shape, weight, eps) end
  local axes = {}
  for i = 1, #shape do axes[i] = -i end
  local epsilon = eps or (input:dtype() == "float64" and 2.220446049250313e-16 or 1.1920929e-07)
  local normed = input * call.rsqrt(call.mean(input * input, axes, true) + epsilon)
  return weight and normed * weight or normed
end

return functions
