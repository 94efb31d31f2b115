--- Functions that PyTorch writes in Python: named here as there, over libtorch's operators.
local engine = require "moonlark.torch.engine"
local options = require "moonlark.base.options"

local functions = {}

-- An operator of libtorch, looked up when it is called first.
local call = setmetatable({}, {__index = function(self, name)
  local operator = engine.operator(name)
  if not operator then error(("libtorch %s has no operator '%s'"):format(engine.version, name), 0) end
  rawset(self, name, operator)
  return operator
end})

local function choice(name, value, choices)
  local number = choices[value]
  if number then return number end
  local known = {}
  for key in pairs(choices) do known[#known + 1] = '"' .. key .. '"' end
  table.sort(known)
  error(("%s must be %s, got %s"):format(name, table.concat(known, " or "), tostring(value)), 0)
end

--- Cross entropy between logits (n × classes …) and class ids or probabilities.
---@param input moonlark.Tensor
---@param target moonlark.Tensor  int64 class ids (0-based), or probabilities of the input's shape
---@param given {weight: moonlark.Tensor?, ignore_index: integer?, reduction: string?, label_smoothing: number?}?
---@return moonlark.Tensor
function functions.cross_entropy(input, target, given)
  local o = options.read("cross_entropy", given,
    {weight = options.none, ignore_index = -100, reduction = "mean", label_smoothing = 0.0})
  return call.cross_entropy_loss(input, target, o)
end

--- Resizes the axes after batch and channel, n × channels × (1 to 3 axes).
---@param input moonlark.Tensor
---@param given {size: integer|integer[]?, scale_factor: number|number[]?, mode: string?, align_corners: boolean?}
---   mode: "nearest" (default), "linear", "bilinear", "bicubic", "trilinear" or "area"
---@return moonlark.Tensor
function functions.interpolate(input, given)
  local o = options.read("interpolate", given,
    {size = options.none, scale_factor = options.none, mode = "nearest", align_corners = false})
  local axes = input:dim() - 2
  if axes < 1 or axes > 3 then
    error(("interpolate: input must have 3 to 5 axes, got %d"):format(input:dim()), 0)
  end
  if (o.size == nil) == (o.scale_factor == nil) then error("interpolate: give size or scale_factor", 0) end
  local function each_axis(value)
    if type(value) ~= "number" then return value end
    local list = {}
    for axis = 1, axes do list[axis] = value end
    return list
  end
  local size, scales = each_axis(o.size), each_axis(o.scale_factor)
  if o.mode == "area" then
    if not size then
      size = {}
      for axis = 1, axes do size[axis] = math.floor(input:size(axis + 1) * scales[axis]) end
    end
    return call[("adaptive_avg_pool%dd"):format(axes)](input, size)
  end
  if o.mode == "nearest" then
    return call[("upsample_nearest%dd"):format(axes)](input, size, scales)
  end
  local axes_of = {linear = 1, bilinear = 2, bicubic = 2, trilinear = 3}
  local wanted = axes_of[o.mode]
  if not wanted then
    error(('interpolate: mode must be "nearest", "linear", "bilinear", "bicubic", "trilinear" or "area", got "%s"')
      :format(o.mode), 0)
  elseif wanted ~= axes then
    error(("interpolate: mode %s wants an input of %d axes, got %d"):format(o.mode, wanted + 2, axes + 2), 0)
  end
  return call[("upsample_%s%dd"):format(o.mode, axes)](input, size, o.align_corners, scales)
end

--- Samples input (n × c × h × w) at the points of grid (n × h' × w' × 2, -1 to 1).
---@param input moonlark.Tensor
---@param grid moonlark.Tensor
---@param given {mode: string?, padding_mode: string?, align_corners: boolean?}?
---@return moonlark.Tensor
function functions.grid_sample(input, grid, given)
  local o = options.read("grid_sample", given, {mode = "bilinear", padding_mode = "zeros", align_corners = false})
  local mode = choice("grid_sample: mode", o.mode, {bilinear = 0, nearest = 1, bicubic = 2})
  local padding = choice("grid_sample: padding_mode", o.padding_mode, {zeros = 0, border = 1, reflection = 2})
  return call.grid_sampler(input, grid, mode, padding, o.align_corners)
end

--- The sampling grid of affine maps theta (n × 2 × 3) for an output of `size`.
---@param theta moonlark.Tensor
---@param size integer[]
---@param given {align_corners: boolean?}?
---@return moonlark.Tensor
function functions.affine_grid(theta, size, given)
  local o = options.read("affine_grid", given, {align_corners = false})
  return call.affine_grid_generator(theta, size, o.align_corners)
end

--- Divides by the p-norm along an axis (never by less than eps).
---@param input moonlark.Tensor
---@param given {p: number?, dim: integer?, eps: number?}?
---@return moonlark.Tensor
function functions.normalize(input, given)
  local o = options.read("normalize", given, {p = 2, dim = 1, eps = 1e-12})
  return input / call.clamp_min(call.norm(input, o.p, {o.dim}, true), o.eps)
end

--- A sample from the concrete distribution; with hard = true a one-hot one whose gradient is the soft one's.
---@param logits moonlark.Tensor
---@param given {tau: number?, hard: boolean?, dim: integer?}?
---@return moonlark.Tensor
function functions.gumbel_softmax(logits, given)
  local o = options.read("gumbel_softmax", given, {tau = 1, hard = false, dim = -1})
  local noise = -call.log(call.exponential_(call.empty_like(logits)))
  local soft = call.softmax((logits + noise) / o.tau, o.dim)
  if not o.hard then return soft end
  local best = call.argmax(soft, o.dim, true)
  local hard = call.scatter(call.zeros_like(logits), o.dim, best, 1.0)
  return hard - soft:detach() + soft
end

--- log(1 / (1 + exp(-x))).
---@param input moonlark.Tensor
---@return moonlark.Tensor
function functions.logsigmoid(input)
  return call.log_sigmoid(input)
end

--- Zeroes whole channels of n × c × h × w with probability p, while training.
---@param input moonlark.Tensor
---@param p number?  default 0.5
---@param training boolean?  default true
---@return moonlark.Tensor
function functions.dropout2d(input, p, training)
  return call.feature_dropout(input, p or 0.5, training ~= false)
end

--- Divides by a norm over `size` neighbouring channels.
---@param input moonlark.Tensor  n × c …
---@param size integer
---@param given {alpha: number?, beta: number?, k: number?}?
---@return moonlark.Tensor
function functions.local_response_norm(input, size, given)
  local o = options.read("local_response_norm", given, {alpha = 1e-4, beta = 0.75, k = 1.0})
  local shape, channels = input:shape(), input:size(1)
  local squares = call.unsqueeze(call.reshape(input * input, {shape[1], channels, -1}), 1)
  local padded = call.constant_pad_nd(squares, {0, 0, size // 2, (size - 1) // 2})
  local mean = call.squeeze(call.avg_pool2d(padded, {size, 1}, {1, 1}), 1)
  return input / (call.reshape(mean, shape) * o.alpha + o.k) ^ o.beta
end

--- The distinct values, ascending. With return_inverse also, for each element, the index of its value; with
--- return_counts also how often each occurs; with dim the distinct slices along that axis.
---@param input moonlark.Tensor
---@param given {sorted: boolean?, return_inverse: boolean?, return_counts: boolean?, dim: integer?}?
---@return moonlark.Tensor values, moonlark.Tensor? inverse, moonlark.Tensor? counts
function functions.unique(input, given)
  local o = options.read("unique", given,
    {sorted = true, return_inverse = false, return_counts = false, dim = options.none})
  local values, inverse, counts
  if o.dim then
    values, inverse, counts = call.unique_dim(input, o.dim, o.sorted, o.return_inverse, o.return_counts)
  else
    values, inverse, counts = call._unique2(input, o.sorted, o.return_inverse, o.return_counts)
  end
  if o.return_inverse and o.return_counts then return values, inverse, counts end
  if o.return_inverse then return values, inverse end
  if o.return_counts then return values, counts end
  return values
end

--- Short-time Fourier transform of a waveform (or a batch), as PyTorch's: complex, bins × frames. For a Signal, with
--- librosa's conventions, use `feature.stft`.
---@param input moonlark.Tensor
---@param n_fft integer
---@param given {hop_length: integer?, win_length: integer?, window: moonlark.Tensor?, center: boolean?,
---   pad_mode: string?, normalized: boolean?, onesided: boolean?}?
---@return moonlark.Tensor
function functions.stft(input, n_fft, given)
  local o = options.read("stft", given, {hop_length = n_fft // 4, win_length = n_fft, window = options.none,
    center = true, pad_mode = "reflect", normalized = false, onesided = options.none})
  if o.center then
    local batch = input:dim() == 1 and call.unsqueeze(input, 0) or input
    batch = call.pad(call.unsqueeze(batch, 1), {n_fft // 2, n_fft // 2}, o.pad_mode)
    batch = call.squeeze(batch, 1)
    input = input:dim() == 1 and call.squeeze(batch, 0) or batch
  end
  local window = o.window or call.ones({o.win_length}, {dtype = input:dtype(), device = input:device()})
  return call.stft(input, n_fft, o.hop_length, o.win_length, window, o.normalized, o.onesided, true)
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
      if mask:dtype() == "bool" then
        scores = call.masked_fill(scores, call.logical_not(mask), -math.huge)
      else
        scores = scores + mask
      end
    end
    local weights = call.softmax(scores, -1)
    if o.dropout_p > 0 then weights = call.dropout(weights, o.dropout_p, true) end
    parts[#parts + 1] = call.matmul(weights, value)
  end
  return #parts == 1 and parts[1] or call.cat(parts, -2)
end

--- softmax(query · keyᵀ · scale) · value, libtorch's fused kernel where it has one.
---@param query moonlark.Tensor  … × n × d
---@param key moonlark.Tensor  … × m × d
---@param value moonlark.Tensor  … × m × e
---@param given {attn_mask: moonlark.Tensor?, dropout_p: number?, is_causal: boolean?, scale: number?}?
---   attn_mask: booleans (true takes part), or numbers to add to the scores
---@return moonlark.Tensor
function functions.scaled_dot_product_attention(query, key, value, given)
  local o = options.read("scaled_dot_product_attention", given,
    {attn_mask = options.none, dropout_p = 0.0, is_causal = false, scale = options.none})
  local fused = engine.operator "scaled_dot_product_attention"
  if fused then return fused(query, key, value, o) end
  return blocked_attention(query, key, value, o)
end

--- Divides by the root mean square over the last axes.
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
