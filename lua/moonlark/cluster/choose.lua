--- How many clusters there are: BIC of Gaussian mixtures, silhouettes, the gap statistic.
local core = require "moonlark_core"
local hierarchy = require "moonlark.cluster.hierarchy"
local html = require "moonlark.base.html"
local kmeans = require "moonlark.cluster.kmeans"
local metrics = require "moonlark.metrics"
local mixture = require "moonlark.cluster.mixture"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local show = require "moonlark.base.show"
local spectral = require "moonlark.cluster.spectral"

---@class moonlark.cluster
local choosing = {}

local criteria = {"silhouette", "gap", "bic"}

local function gaussians(k, o)
  return mixture.gmm {n_components = k, covariance = o.covariance, reg_covar = o.reg_covar, n_init = o.n_init,
    seed = o.seed}
end

-- What finds k clusters of rows, by the name of the method: f(rows, settings) -> f(k) -> labels.
local methods = {
  kmeans = function(rows, o)
    return function(k) return kmeans.kmeans {n_clusters = k, n_init = o.n_init, seed = o.seed}:fit(rows).labels end
  end,
  gmm = function(rows, o)
    return function(k) return gaussians(k, o):fit(rows):predict(rows) end
  end,
  agglomerative = function(rows)
    local linkage = hierarchy.agglomerative {n_clusters = 1}:fit(rows).linkage -- one tree for all k
    return function(k) return core.cluster.linkage_cut(linkage, k) end
  end,
  spectral = function(rows, o)
    return function(k)
      return spectral.spectral {n_clusters = k, affinity = "nearest_neighbors", n_init = o.n_init, seed = o.seed,
        n_neighbors = math.min(10, rows:size(0))}:fit(rows).labels
    end
  end,
}

local parameters = options.describe("cluster.choose", {
  k = options.list(options.integer(nil, {least = 1}), nil, {length = 2}, "the fewest and the most clusters to try",
    {usual = "2 and 15, or as many as there can be"}),
  method = options.choice({"kmeans", "gmm", "agglomerative", "spectral"}, "kmeans",
    "whose clusters silhouette and gap judge"),
  criteria = options.list(options.choice(criteria), criteria, {least = 1}, "what is computed"),
  references = options.integer(10, {least = 1}, "sets of rows without clusters that gap compares with"),
  n_init = options.integer(10, {least = 1}, "starts of k-means and Gaussian mixtures"),
  seed = options.integer(0, {least = 0}, "of the random starts and references"),
}, options.described "cluster.gmm":pick {"covariance", "reg_covar"})

---@class moonlark.cluster.Choice
---@field k integer  the number that most criteria choose; where all differ, the first criterion's
---@field best table<string, integer>  the number that each criterion chooses
---@field rows {k: integer, silhouette: number?, gap: number?, gap_error: number?, bic: number?}[]
---@field criteria string[]
local Choice = {}
Choice.__index = Choice
Choice.__name = "moonlark.cluster.Choice"

local function words(self)
  return ("%d cluster%s (* what each criterion chooses)"):format(self.k, self.k == 1 and "" or "s")
end

-- A criterion's number of a row, and the mark of its best.
local function cell(self, row, name)
  local shown = row[name] and (name == "bic" and "%.1f" or "%.4f"):format(row[name]) or "–"
  return shown, self.best[name] == row.k and "*" or " "
end

function Choice:__tostring()
  local lines = {"  k"}
  for _, name in ipairs(self.criteria) do lines[1] = lines[1] .. ("  %14s"):format(name) end
  for i, row in ipairs(self.rows) do
    local line = ("%3d"):format(row.k)
    for _, name in ipairs(self.criteria) do
      local shown, mark = cell(self, row, name)
      line = line .. "  " .. (" "):rep(13 - utf8.len(shown)) .. shown .. mark
    end
    lines[i + 1] = line:gsub("%s+$", "")
  end
  lines[#lines + 1] = words(self)
  return table.concat(lines, "\n")
end

function Choice:__display()
  local rows = {}
  for i, row in ipairs(self.rows) do
    rows[i] = {row.k}
    for k, name in ipairs(self.criteria) do
      local shown, mark = cell(self, row, name)
      rows[i][k + 1] = mark == "*" and shown .. " *" or shown
    end
  end
  return {["text/html"] = html.table({"k", table.unpack(self.criteria)}, rows) .. html.lines(words(self))}
end

local panels = {
  silhouette = {title = "Silhouette (most)", ylabel = "silhouette"},
  gap = {title = "Gap (first that the next does not beat)", ylabel = "gap"},
  bic = {title = "BIC of Gaussian mixtures (least)", ylabel = "BIC"},
}

--- The criteria over the number of clusters, a panel each, with a line where each chooses.
---     cluster.choose(X):plot():save "clusters.png"
---@return moonlark.Figure
function Choice:plot()
  local figures = {}
  for i, name in ipairs(self.criteria) do
    local x, y = {}, {}
    for _, row in ipairs(self.rows) do
      if row[name] then x[#x + 1], y[#y + 1] = row.k, row[name] end
    end
    figures[i] = plot.lines({{x = x, y = y}}, {title = panels[name].title, xlabel = "clusters",
      ylabel = panels[name].ylabel, counted = true, marks = self.best[name] and {self.best[name]} or nil, width = 520,
      height = 340})
  end
  return plot.grid(figures, {columns = #figures})
end

-- Logarithms of the squares within clusters, by k; nil where rows lie on their centres.
local function logs_within(rows, find, from, to)
  local logs = {}
  for k = from, to do
    local within = core.cluster.gap_within(rows, find(k), k)
    logs[k] = within > 0 and math.log(within) or nil
  end
  return logs
end

local function add_gaps(list, x, o, from, to)
  local own, sums, squares = logs_within(x, methods[o.method](x, o), from, to), {}, {}
  for b = 1, o.references do
    local rows = core.cluster.gap_reference(x, o.seed + b)
    for k, value in pairs(logs_within(rows, methods[o.method](rows, o), from, to)) do
      sums[k], squares[k] = (sums[k] or 0) + value, (squares[k] or 0) + value * value
    end
  end
  for _, row in ipairs(list) do
    local mean = sums[row.k] and sums[row.k] / o.references
    if mean and own[row.k] then
      row.gap = mean - own[row.k]
      local variance = math.max(0, squares[row.k] / o.references - mean * mean)
      row.gap_error = math.sqrt(variance * (1 + 1 / o.references))
    end
  end
end

local function add_silhouettes(list, x, o)
  local find, n = methods[o.method](x, o), x:size(0)
  for _, row in ipairs(list) do
    local ids = row.k > 1 and row.k < n and find(row.k)
    local ok, value = pcall(metrics.silhouette, x, ids) -- undefined when one cluster took all
    row.silhouette = ids and ok and value or nil
  end
end

local function add_bics(list, x, o)
  for _, row in ipairs(list) do row.bic = gaussians(row.k, o):fit(x):bic(x) end
end

-- The k of the row that is best by a criterion: better(a, b) says that a is.
local function best_of(list, name, better)
  local best
  for _, row in ipairs(list) do
    if row[name] and (not best or better(row[name], best[name])) then best = row end
  end
  return best and best.k
end

local function more(a, b) return a > b end

local judges = {
  silhouette = function(list) return best_of(list, "silhouette", more) end,
  bic = function(list) return best_of(list, "bic", function(a, b) return a < b end) end,
  -- The fewest clusters that one more does not better by more than its error (Tibshirani, Walther and Hastie 2001).
  gap = function(list)
    for i = 1, #list - 1 do
      local here, next_one = list[i], list[i + 1]
      if here.gap and next_one.gap and here.gap >= next_one.gap - next_one.gap_error then return here.k end
    end
    return best_of(list, "gap", more)
  end,
}

-- The number that most criteria choose; of equals the one that the earliest of them chooses.
local function vote(best, names)
  local votes, chosen = {}, nil
  for _, name in ipairs(names) do
    local k = best[name]
    if k then votes[k] = (votes[k] or 0) + 1 end
  end
  for _, name in ipairs(names) do
    local k = best[name]
    if k and (not chosen or votes[k] > votes[chosen]) then chosen = k end
  end
  return chosen
end

local function range_of(o, n)
  if not o.k then return math.min(2, n), math.min(15, n - 1) end
  local from, to = o.k[1], o.k[2]
  if from > to or to > n then
    show.fail("k must be the fewest and the most clusters, at most %d (rows), got %d and %d", n, from, to)
  end
  return from, to
end

--- Tries numbers of clusters and judges each: by the silhouette of the clusters (Rousseeuw 1987; the most is best), by
--- the gap between how compact they are and how compact clusters of rows without clusters are (Tibshirani, Walther and
--- Hastie 2001; rows that are uniform in the box of the data; the fewest that one more does not better), and by the
--- Bayesian information criterion of Gaussian mixtures (Schwarz 1978; the least is best).
---
--- The result prints itself as a table, and draws itself with `plot()`. It has k, best, rows and criteria.
--- Silhouettes compute rows² distances; gap fits each k once more for each reference. Errors: fewer than 3 rows.
---     local choice = cluster.choose(X, {k = {2, 10}, method = "gmm"})
---@param x moonlark.Tensor|table  rows × columns, finite; or what dataset:extract gives
---@param given moonlark.cluster.choose.Options?
---@return moonlark.cluster.Choice
function choosing.choose(x, given)
  local torch, o = require "moonlark.torch", parameters:read(given)
  if type(x) == "table" and x.x then x = x.x end
  if not torch.is_tensor(x) or x:dim() ~= 2 then
    show.fail("x must be a tensor, rows × columns, or what dataset:extract gives, got %s", options.got(x))
  end
  core.classify.check(x, 3)
  local from, to = range_of(o, x:size(0))
  local self, wanted = setmetatable({rows = {}, best = {}, criteria = {}}, Choice), {}
  for k = from, to do self.rows[k - from + 1] = {k = k} end
  for _, name in ipairs(o.criteria) do wanted[name] = true end
  if wanted.silhouette then add_silhouettes(self.rows, x, o) end
  if wanted.gap then add_gaps(self.rows, x, o, from, to) end
  if wanted.bic then add_bics(self.rows, x, o) end
  for _, name in ipairs(criteria) do
    if wanted[name] then
      self.criteria[#self.criteria + 1] = name
      self.best[name] = judges[name](self.rows)
    end
  end
  self.k = vote(self.best, self.criteria) or from
  return self
end

return choosing
