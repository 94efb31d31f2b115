--- BSS Eval: how much of a separated sound is the truth, other sources, and neither (Vincent et al., 2006), as
--- mir_eval.separation (0.8) computes it: an estimate is projected on the truth, delayed by 0..511 samples.
local show = require "moonlark.base.show"

local bss = {}

local taps = 512 -- of the filters through which the truth may have gone

-- The lags b - a of taps a and b, from -511 to 511, as places in a circular correlation.
local function lags(size)
  local torch = require "moonlark.torch"
  local k = torch.arange(taps)
  return (k:unsqueeze(0) - k:unsqueeze(1)):remainder(size):flatten()
end

-- Correlations of all delayed rows with each other: (rows × taps)².
local function gram(spectra, size)
  local torch = require "moonlark.torch"
  local at, blocks = lags(size), {}
  for i = 0, spectra:size(0) - 1 do
    local row = {}
    for j = 0, spectra:size(0) - 1 do
      local correlation = torch.fft_irfft(spectra[i] * spectra[j]:conj(), size)
      row[j + 1] = correlation:index_select(0, at):reshape {taps, taps}
    end
    blocks[i + 1] = torch.cat(row, 1)
  end
  return torch.cat(blocks, 0)
end

-- What of the estimates (rows × samples) lies in the space of the delayed truth (rows × samples): the same shape, 511
-- samples longer.
local function project(truth, estimates)
  local torch = require "moonlark.torch"
  local length, size = truth:size(1) + taps - 1, 1
  while size < length do size = 2 * size end
  local of_truth, of_estimates = torch.fft_rfft(truth, size), torch.fft_rfft(estimates, size)
  local rows, back = {}, torch.arange(taps):neg():remainder(size)
  for i = 0, truth:size(0) - 1 do
    local correlation = torch.fft_irfft(of_truth[i]:unsqueeze(0) * of_estimates:conj(), size)
    rows[i + 1] = correlation:index_select(1, back)
  end
  local matrix, target = gram(of_truth, size), torch.cat(rows, 1):t()
  local fine, filters = pcall(torch.linalg_solve, matrix, target)
  if not fine then filters = torch.linalg_lstsq(matrix, target, nil, {driver = "gelsd"}) end -- a channel is silent
  filters = filters:t():reshape {estimates:size(0), truth:size(0), taps}
  local made = (torch.fft_rfft(filters, size) * of_truth:unsqueeze(0)):sum {1}
  return torch.fft_irfft(made, size):narrow(1, 0, length)
end

local function energy(x) return (x * x):sum():item() end

local function db(part, rest) return rest == 0 and math.huge or 10 * math.log(part / rest, 10) end

-- The figures of an estimate as one source: all are channels × samples, 511 samples longer than the sound.
local function figures(estimate, source, on_source, on_all, images)
  local interference, artifacts = energy(on_all - on_source), energy(estimate - on_all)
  local made = {sir = db(energy(on_source), interference), sar = db(energy(on_all), artifacts)}
  if images then
    made.sdr = db(energy(source), energy(estimate - source))
    made.isr = db(energy(source), energy(on_source - source))
  else
    made.sdr = db(energy(on_source), energy(estimate - on_source))
  end
  return made
end

-- Calls f with each order of 1..n, in the order of the alphabet.
local function each_order(n, f)
  local order, used = {}, {}
  local function place(i)
    if i > n then return f(order) end
    for k = 1, n do
      if not used[k] then
        order[i], used[k] = k, true
        place(i + 1)
        used[k] = nil
      end
    end
  end
  place(1)
end

-- The order of estimates whose mean SIR is the greatest; table[estimate][source] has figures.
local function best_order(table_of, n)
  local best, most = nil, -math.huge
  each_order(n, function(order)
    local sum = 0
    for source, estimate in ipairs(order) do sum = sum + table_of[estimate][source].sir end
    if not best or sum > most then best, most = table.move(order, 1, n, 1, {}), sum end
  end)
  return best
end

--- Figures in dB of sources × channels × samples, of as many estimates: lists by source of `sdr`, `sir`, `sar`, of images
--- also `isr`, and `permutation`: which estimate each source was found in.
---     local made = bss.evaluate(truth, made, {images = true, permutation = false})
---@param truth moonlark.Tensor  float64
---@param estimates moonlark.Tensor
---@param how {images: boolean, permutation: boolean}
---@return table<string, number[]>
function bss.evaluate(truth, estimates, how)
  local torch = require "moonlark.torch"
  local n, channels, samples = truth:size(0), truth:size(1), truth:size(2)
  local function apart(x) return x:reshape {n, channels, x:size(1)} end
  local function longer(x) return torch.constant_pad_nd(x, {0, taps - 1}) end
  local rows = estimates:reshape {n * channels, samples}
  local on_all, table_of = apart(project(truth:reshape {n * channels, samples}, rows)), {}
  for i = 1, n do table_of[i] = {} end
  for j = 1, n do
    local on_source, source = apart(project(truth[j - 1], rows)), longer(truth[j - 1])
    for i = 1, n do
      if how.permutation or i == j then
        table_of[i][j] = figures(longer(estimates[i - 1]), source, on_source[i - 1], on_all[i - 1], how.images)
      end
    end
  end
  local order = {}
  for i = 1, n do order[i] = i end
  if how.permutation then order = best_order(table_of, n) end
  local made = {permutation = order, sdr = {}, sir = {}, sar = {}, isr = how.images and {} or nil}
  for source, estimate in ipairs(order) do
    for name, value in pairs(table_of[estimate][source]) do made[name][source] = value end
  end
  return made
end

-- Whether a source is silent.
local function silent(x)
  return x:abs():amax({1, 2}):eq(0):any():item()
end

--- The same in windows of samples, whose lists are by source and window; NaN where a source is silent. One window where
--- there is no room for two.
---     local made = bss.framewise(truth, made, 30 * 44100, 15 * 44100, {images = true, permutation = false})
---@param truth moonlark.Tensor
---@param estimates moonlark.Tensor
---@param window integer  samples
---@param hop integer  samples
---@param how {images: boolean, permutation: boolean}
---@return table<string, number[][]>
function bss.framewise(truth, estimates, window, hop, how)
  local n, count = truth:size(0), (truth:size(2) - window + hop) // hop
  local made = {permutation = {}, sdr = {}, sir = {}, sar = {}, isr = how.images and {} or nil}
  for _, list in pairs(made) do for j = 1, n do list[j] = {} end end
  if count < 2 then window, hop, count = truth:size(2), 1, 1 end
  for k = 1, count do
    local a, b = truth:narrow(2, (k - 1) * hop, window), estimates:narrow(2, (k - 1) * hop, window)
    local one = not silent(a) and not silent(b) and bss.evaluate(a, b, how) or nil
    for name, list in pairs(made) do
      for j = 1, n do list[j][k] = one and one[name][j] or 0 / 0 end
    end
  end
  return made
end

--- Raises where sources are silent, which nothing could be found in, or where there are too many to put in order.
---     bss.check("reference", truth)
---@param name string  the argument's name
---@param x moonlark.Tensor
function bss.check(name, x)
  if x:size(0) == 0 or x:size(2) == 0 then show.fail("%s must have a source of a sample or more", name) end
  if x:size(0) > 10 then show.fail("%s must have at most 10 sources, got %d", name, x:size(0)) end
  if silent(x) then show.fail("%s must have no silent source", name) end
end

return bss
