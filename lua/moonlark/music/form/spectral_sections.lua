--- Spectral sections: a song's parts by the graph of what repeats and what goes on (McFee and Ellis, 2014: "Analyzing song
--- structure with spectral clustering").
local cluster = require "moonlark.cluster"
local similarity = require "moonlark.music.form.similarity"

local stacked = 4      -- beats of chroma that are compared together
local path_width = 7   -- beats over which a repetition must go on
local smoothing = 9    -- beats, of the eigenvectors
local least_kinds, most_kinds = 3, 6
local usual_seconds = 16 -- of a section: so many kinds are taken that the sections come near it

-- The columns with those of the next beats below: rows × stacked.
local function stack(x)
  local torch, parts = require "moonlark.torch", {}
  for back = 0, stacked - 1 do parts[back + 1] = x:roll({-back}, {1}) end
  return torch.cat(parts, 0)
end

-- The median of each value and its neighbours along the rows; the ends are repeated.
local function smooth(x, width)
  local half = width // 2
  local padded = x:unsqueeze(0):replication_pad1d({half, half}):squeeze(0)
  return (padded:unfold(1, width, 1):sort(-1):select(-1, half))
end

-- What repeats: mutual nearest neighbours, kept where they lie on diagonals.
local function repetitions(chroma, n)
  local k = math.max(4, math.floor(1 + 2 * math.log(n, 2)))
  local found = similarity.recurrence_matrix(stack(chroma):contiguous(), {k = math.min(k, n - 8), width = 3, sym = true,
    mode = "affinity", metric = "euclidean"})
  local lags = similarity.recurrence_to_lag(found, {pad = true})
  return similarity.lag_to_recurrence(smooth(lags, path_width):contiguous())
end

-- What goes on: how alike each beat and the next are, on the two diagonals beside the middle.
local function continuations(timbre)
  local n = timbre:size(1)
  local steps = (timbre:narrow(1, 1, n - 1) - timbre:narrow(1, 0, n - 1)):pow(2):sum {0}
  local near = (steps / -(steps:median():item() + 1e-9)):exp()
  return near:diag(1) + near:diag(-1)
end

-- Both in balance: as much weight to walk on as to jump.
local function graph(repeats, goes_on)
  local jumps, walks = repeats:sum {1}, goes_on:sum {1}
  local both = jumps + walks
  local balance = (walks * both):sum():item() / math.max(both:pow(2):sum():item(), 1e-9)
  return repeats * balance + goes_on * (1 - balance)
end

local function eigenvectors(a)
  local torch = require "moonlark.torch"
  local scale = (a:sum {1} + 1e-9):rsqrt()
  local laplacian = torch.eye(a:size(0)) - a * scale:unsqueeze(0) * scale:unsqueeze(1)
  local _, vectors = laplacian:double():linalg_eigh()
  return smooth(vectors:narrow(1, 0, math.min(10, a:size(0))):t():contiguous(), smoothing):t()
end

-- Columns at which the kind changes, without stretches shorter than `least`.
local function changes(kinds, least)
  local cuts = {0}
  for i = 2, #kinds do
    if kinds[i] ~= kinds[i - 1] and i - 1 - cuts[#cuts] >= least then cuts[#cuts + 1] = i - 1 end
  end
  if #cuts > 1 and #kinds - cuts[#cuts] < least then cuts[#cuts] = nil end
  return cuts
end

--- Where sections begin, as columns from 0 on (the first is 0), and the kind of each column.
---     local cuts, kinds = spectral(chroma, timbre, 180, 4)
---@param chroma moonlark.Tensor  12 × beats
---@param timbre moonlark.Tensor  coefficients × beats
---@param seconds number  of the song
---@param least integer  beats of the shortest section
---@return integer[]
---@return integer[]
return function(chroma, timbre, seconds, least)
  local n = chroma:size(1)
  local vectors = eigenvectors(graph(repetitions(chroma, n), continuations(timbre)))
  local best
  for k = least_kinds, math.min(most_kinds, n - 1) do
    local x = vectors:narrow(1, 0, math.min(k, vectors:size(1)))
    x = (x / (x:norm(2, {1}, true) + 1e-9)):float():contiguous()
    local kinds = cluster.kmeans({n_clusters = k, n_init = 5, seed = 0}):fit(x):predict(x):totable()
    local cuts = changes(kinds, least)
    local off = math.abs(math.log(#cuts / math.max(1, seconds / usual_seconds)))
    if not best or off < best.off then best = {off = off, cuts = cuts, kinds = kinds} end
  end
  return best.cuts, best.kinds
end
