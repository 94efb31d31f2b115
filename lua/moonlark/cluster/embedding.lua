--- Tables of many columns as places in one to three dimensions, near rows near each other.
---
--- Both methods look at each row's nearest neighbours alone, so distances between far groups, and the sizes of groups,
--- mean little. The same seed gives the same places, to the bit, whatever the number of cores.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

---@class moonlark.cluster
local embedding = {}

local shared = {progress = options.boolean(true, "draws a bar on standard error")}

-- Work of the engine, f(settings), that says how far it is; with a bar unless settings.progress is false.
local function watched(label, settings, f)
  if not settings.progress then return f(settings) end
  local bar <close> = require "moonlark.base.progress".new(1, label)
  local told = {}
  for key, value in pairs(settings) do told[key] = value end
  function told.progress(done, total)
    bar.total = total
    if done == 0 then bar.started = bar.clock() end -- neighbours have been found: steps take a time of their own
    bar:update(done)
  end
  local embedding, divergence = f(told)
  bar:finish()
  return embedding, divergence
end

-- Places of rows; those of the table that was fitted are where they were left.
local function placed(state, x, settings, label, transform)
  if x:float():equal(state.train_x) then return state.embedding:clone() end
  return watched(label, settings, function(told) return transform(x, state.train_x, state.embedding, told) end)
end

--- t-SNE (van der Maaten and Hinton 2008; in Barnes and Hut's form, van der Maaten 2014), with openTSNE's defaults.
---
--- Methods: `fit(x)`, `transform(x)` → rows × n_components: rows of the table that was fitted are where `embedding` has
--- them, others are placed among these, which stay (Poličar, Stražar and Zupan 2021). Fields: embedding;
--- kl_divergence, what is left of the Kullback-Leibler divergence.
--- A perplexity above a third of the other rows is lowered to it, with a warning. More than 20000 rows are searched for
--- their neighbours approximately, with a measured recall of 0.95 or more.
---     local z = cluster.tsne {perplexity = 30}:fit(X).embedding
---@type fun(given: moonlark.cluster.tsne.Options?): moonlark.Estimator
embedding.tsne = estimator.define {
  parameters = options.describe("cluster.tsne", core.embedding.parameters.tsne, shared),
  state = {"tensor train_x", "tensor embedding"},
  fit = function(settings, x)
    local most = (x:size(0) - 1) / 3
    if x:size(0) > 1 and settings.perplexity > most then
      warning.say("perplexity-lowered", show.format("a perplexity of %g needs %d rows, there are %d: lowered to %.3g",
        settings.perplexity, math.ceil(3 * settings.perplexity) + 1, x:size(0), most))
    end
    local places, divergence = watched("t-SNE", settings, function(told) return core.embedding.tsne(x, told) end)
    return {train_x = x:float():clone(), embedding = places, kl_divergence = divergence}
  end,
  methods = {
    transform = function(state, x, settings)
      return placed(state, x, settings, "t-SNE", core.embedding.tsne_transform)
    end,
  },
}

-- The labels that are to count; nil where none are.
local function labels_of(settings, y)
  if not settings.target_weight then return nil end
  return y or show.fail "cluster.umap with a target_weight needs labels: fit(x, y)"
end

--- UMAP (McInnes, Healy and Melville 2018), with umap-learn's defaults.
---
--- Methods: `fit(x)`, `transform(x)` → rows × n_components: rows of the table that was fitted are where `embedding` has
--- them, others are placed among these, which stay. Field: embedding.
--- Labels are not looked at unless target_weight says how much they count: `fit(x, y)` then draws rows of one label
--- together; ids below 0 are unknown. The picture shows the labels afterwards, and is no proof of anything.
--- More neighbours than rows are lowered, with a warning. More than 20000 rows are searched for their neighbours
--- approximately, with a measured recall of 0.95 or more.
---     local z = cluster.umap {n_neighbors = 15, min_dist = 0.1}:fit(X).embedding
---@type fun(given: moonlark.cluster.umap.Options?): moonlark.Estimator
embedding.umap = estimator.define {
  parameters = options.describe("cluster.umap", core.embedding.parameters.umap, shared),
  state = {"tensor train_x", "tensor embedding"},
  check = function(settings)
    if settings.min_dist > settings.spread then
      show.fail("cluster.umap: min_dist must be at most spread (%g), got %g", settings.spread, settings.min_dist)
    end
  end,
  fit = function(settings, x, y)
    local labels, rows = labels_of(settings, y), x:size(0)
    local most = math.max(2, rows - 1)
    if rows > 1 and settings.n_neighbors > most then
      warning.say("neighbors-lowered", show.format("n_neighbors is %d, but there are %d rows: lowered to %d",
        settings.n_neighbors, rows, most))
    end
    local places = watched("UMAP", settings, function(told) return core.embedding.umap(x, labels, told) end)
    return {train_x = x:float():clone(), embedding = places}
  end,
  methods = {
    transform = function(state, x, settings)
      return placed(state, x, settings, "UMAP", core.embedding.umap_transform)
    end,
  },
}

return embedding
