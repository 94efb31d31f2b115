--- Parts of which rows are made, none of them negative: non-negative matrix factorisation.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local warning = require "moonlark.base.warning"

---@class moonlark.cluster
local factors = {}

local start = {
  W = options.tensor(nil, "activations to start from, rows × n_components; H is needed as well",
    {usual = "as init says"}),
  H = options.tensor(nil, "components to start from, n_components × columns; W is needed as well",
    {usual = "as init says"}),
}

--- Non-negative matrix factorisation (Lee and Seung 1999), as sklearn.decomposition.NMF with coordinate descent over
--- squares: x (rows × columns, all 0 or more) is nearly W · components.
---
--- Methods: `fit(x)`, `transform(x)` → rows × n_components: how much of each component is in each row;
--- `inverse_transform(w)`. Fields: components (n_components × columns), W (of the rows fitted), reconstruction_err (the
--- root of the sum of squares of x − W · components), iterations, converged. With init = "nndsvd" zeros stay zeros.
--- Errors: numbers below 0.
---     local model = cluster.nmf {n_components = 8}:fit(feature.mel(song).data:t())   -- rows are frames
---@type fun(given: moonlark.cluster.nmf.Options?): moonlark.Estimator
factors.nmf = estimator.define {
  parameters = options.describe("cluster.nmf", core.cluster.parameters.nmf, start),
  state = {"tensor components"},
  check = function(settings)
    if not settings.W ~= not settings.H then show.fail "cluster.nmf needs W and H to start from, or neither" end
  end,
  fit = function(settings, x)
    local state = {}
    state.W, state.components, state.reconstruction_err, state.iterations, state.converged =
      core.cluster.nmf(x, settings)
    if not state.converged then
      warning.say("nmf-not-converged", ("a factorisation still moved by more than tol (%g) after %d passes: raise "
        .. "max_iter or tol"):format(settings.tol, state.iterations))
    end
    return state
  end,
  methods = {
    transform = function(state, x, settings)
      return core.cluster.nmf_transform(x, settings, state.components):float()
    end,
  },
  inverses = {
    inverse_transform = function(state, _, w) return w:double():matmul(state.components):float() end,
  },
}

--- Takes a spectrogram apart into spectra and the times at which each sounds, by cluster.nmf: S is nearly
--- components · activations. Source: librosa.decompose.decompose.
---
--- Errors: complex numbers (take feature.magnitude), numbers below 0 (decibels).
---     local spectra, times = cluster.decompose(feature.mel(song), {n_components = 8})
---@param S moonlark.Signal|moonlark.Tensor  bands × frames, 0 or more
---@param given moonlark.cluster.nmf.Options?  as cluster.nmf; usually n_components is given
---@return moonlark.Tensor components  bands × n_components
---@return moonlark.Signal|moonlark.Tensor activations  n_components × frames, as S
function factors.decompose(S, given)
  local torch, data = require "moonlark.torch", signal.is(S) and S.data or S
  if not torch.is_tensor(data) then show.fail("S must be a Signal or a tensor, got %s", options.got(S)) end
  if data:dim() ~= 2 then show.fail("S must have 2 axes, bands × frames, got %d", data:dim()) end
  if data:is_complex() then
    show.fail "S must hold magnitudes or powers, got complex numbers: take feature.magnitude"
  end
  local model = factors.nmf(given):fit(data:t():contiguous():float())
  local activations = model.W:t():contiguous():float()
  if signal.is(S) then
    activations = signal.new {data = activations, rate = S.rate, start = S.start, kind = "activations"}
  end
  return model.components:t():contiguous():float(), activations
end

return factors
