--- Finds clusters of sounds without their labels (Gaussian mixture, k-means) and compares.
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local command = require "moonlark.shell.command"
local experiment = require "moonlark.shell.experiment"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"

-- How each method is made. `better` says which of two fitted models is kept, by their own measure.
local methods = {
  gmm = {
    title = "Gaussian mixture",
    make = function(args, k, seed)
      return cluster.gmm {n_components = k, covariance = args.covariance, reg_covar = 1e-3, n_init = args.starts,
        seed = seed}
    end,
    better = function(a, b) return a.lower_bound > b.lower_bound end,
    says = function(args)
      return ("covariance %s, the likeliest of %d starts"):format(args.covariance, args.starts)
    end,
  },
  kmeans = {
    title = "k-means",
    make = function(args, k, seed) return cluster.kmeans {n_clusters = k, n_init = args.starts, seed = seed} end,
    better = function(a, b) return a.inertia < b.inertia end,
    says = function(args) return ("the least inertia of %d starts"):format(args.starts) end,
  },
}
local order = {"gmm", "kmeans"}

local parser = command.parser("cluster", "Standardises features, takes principal components and finds clusters in "
  .. "them without the labels; then says how well clusters and labels agree.")
experiment.arguments(parser, "mean,std")
command.option(parser, "method", options.list(options.choice(order), {"gmm", "kmeans"}, {least = 1},
  "how clusters are found, any of " .. table.concat(order, ",")))
command.option(parser, "clusters", options.integer(nil, {least = 2, usual = "as many as classes"}, "clusters to find"))
command.option(parser, "scale", options.choice({"standard", "none"}, "standard",
  "what becomes of columns first: mean 0 and deviation 1, or nothing"))
command.option(parser, "components", options.integer(10, {least = 0}, "principal components to keep; 0: all columns"))
command.option(parser, "whiten", options.boolean(false, "bring each principal component to variance 1"))
command.option(parser, "starts", options.integer(10, {least = 1, most = 10000},
  "random starts of gmm and kmeans, of which the best is kept"))
command.option(parser, "covariance", options.described "cluster.gmm".by_name.covariance, {default = "diag"})
command.option(parser, "seeds", options.integer(1, {least = 1, most = 1000},
  "seeds to average over, each with all its starts"))
local args = parser:parse()

-- The steps before the clusterer: what makes of columns what clusters are sought in.
local function steps_before(X)
  local steps = {}
  if args.scale == "standard" then steps[1] = classify.scaler() end
  if args.components > 0 then
    local n = math.min(args.components, X.x:size(0), X.x:size(1))
    steps.pca = cluster.pca {n_components = n, whiten = args.whiten}
    steps[#steps + 1] = steps.pca
  end
  return steps
end

-- Fits them; gives the rows as the clusterer sees them.
local function prepare(steps, x)
  for _, step in ipairs(steps) do x = step:fit(x):transform(x) end
  return x
end

local function pipeline(steps, model)
  local list = table.move(steps, 1, #steps, 1, {})
  list[#list + 1] = model
  return classify.pipeline(list)
end

-- What is done before the clusterer, in words.
local function preparation(steps, X)
  local words = {args.scale == "standard" and "Columns are standardised" or "Columns are taken as they are"}
  local pca = steps.pca
  if pca then
    words[2] = ("%d principal components hold %.0f %% of the variance%s"):format(pca.components:size(0),
      100 * pca.explained_variance_ratio:sum():item(), args.whiten and ", each brought to variance 1" or "")
  else
    words[2] = ("clusters are sought in all %d columns"):format(X.x:size(1))
  end
  return table.concat(words, "; ") .. "."
end

local measures = {"ari", "nmi", "silhouette"}

-- One row of figures: how clusters agree with the labels, and hold together.
local function measure(z, y, ids)
  local row = {}
  if y then row.ari, row.nmi = metrics.ari(y, ids), metrics.nmi(y, ids) end
  local ok, silhouette = pcall(metrics.silhouette, z, ids) -- undefined when one cluster took all
  row.silhouette = ok and silhouette or nil
  return row
end

-- What a method finds: its figures over all seeds, and its best model with the clusters of each row.
local function try(name, z, y, k, run)
  local method, found = methods[name], {name = name, figures = {}}
  for _, key in ipairs(measures) do found.figures[key] = {} end
  for seed = args.seed, args.seed + args.seeds - 1 do
    local model = method.make(args, k, seed):fit(z)
    local ids = model:predict(z)
    local row = measure(z, y, ids)
    for _, key in ipairs(measures) do table.insert(found.figures[key], row[key]) end
    row.model, row.seed = name, seed
    if run then run:log(row) end
    if not found.model or method.better(model, found.model) then found.model, found.ids = model, ids end
  end
  return found
end

-- A figure as tables have it: its mean and deviation over the seeds.
local function shown(values)
  if #values == 0 then return "–" end
  local mean, deviation = metrics.spread(values)
  return #values > 1 and ("%.3f ± %.3f"):format(mean, deviation) or ("%.3f"):format(mean)
end

local function figures_of(all, X, k)
  local flat = {n = X.x:size(0), columns = X.x:size(1), clusters = k, rejected = #X.rejected, partial = #X.partial}
  for i, found in ipairs(all) do
    for _, key in ipairs(measures) do
      local mean, deviation = metrics.spread(found.figures[key])
      for _, name in ipairs {key .. "." .. found.name, i == 1 and key or nil} do
        if #found.figures[key] > 0 then flat[name] = mean end
        if #found.figures[key] > 1 then flat[name .. ".std"] = deviation end
      end
    end
  end
  return flat
end

-- For each cluster its number, its size, and its three most frequent labels.
local function cluster_table(X, ids)
  local counts = metrics.confusion(X.y, ids):totable()
  local rows = {}
  for c = 1, #counts[1] do
    local total, parts = 0, {}
    for i, name in ipairs(X.classes) do
      local count = counts[i][c]
      total = total + count
      if count > 0 then parts[#parts + 1] = {name = name, count = count} end
    end
    table.sort(parts, function(a, b) return a.count > b.count or a.count == b.count and a.name < b.name end)
    local words = {}
    for i = 1, math.min(3, #parts) do words[i] = ("%s %d"):format(parts[i].name, parts[i].count) end
    if total > 0 then rows[#rows + 1] = {c - 1, total, table.concat(words, ", ")} end
  end
  return rows
end

local function clouds(page, run, z, X, all, k)
  local axes = {xlabel = args.components > 0 and "component 1" or X.names[1],
    ylabel = args.components > 0 and "component 2" or X.names[2]}
  local function picture(file, ids, names, title, caption)
    local look = {classes = names, title = title, xlabel = axes.xlabel, ylabel = axes.ylabel}
    page:figure(run:plot(file, plot.scatter, z, ids, look), caption)
  end
  if z:size(1) < 2 then return end
  if X.y then picture("labels", X.y, X.classes, "Labels", "Labels over the first two components") end
  local names = {}
  for i = 1, k do names[i] = "cluster " .. i - 1 end
  for _, found in ipairs(all) do
    local title = methods[found.name].title
    picture(found.name, found.ids, names, title, ("Clusters of the method %s, over the same"):format(title))
  end
end

local function write_page(run, X, k, steps, z, all)
  local page = report.new("Clusters of " .. args.data)
  page:text(("%d sounds, %d features each. %s %d clusters. %s"):format(X.x:size(0), X.x:size(1),
    preparation(steps, X), k, args.seeds > 1 and ("Figures are means over %d seeds; pictures show the best by its own measure, labels unseen.")
      :format(args.seeds) or ("Seed %d."):format(args.seed)))
  local rows = {}
  for i, found in ipairs(all) do
    rows[i] = {methods[found.name].title, methods[found.name].says(args)}
    for _, key in ipairs(measures) do table.insert(rows[i], shown(found.figures[key])) end
  end
  page:table({"method", "how", "ARI", "NMI", "silhouette"}, rows)
  clouds(page, run, z, X, all, k)
  if steps.pca then
    page:figure(run:plot("variance", plot.bars, steps.pca.explained_variance_ratio, {title = "Variance by component",
      xlabel = "component", ylabel = "share of variance"}), "Variance that each component explains")
  end
  for _, found in ipairs(X.y and all or {}) do
    page:heading("Clusters of the method " .. methods[found.name].title)
    page:table({"cluster", "sounds", "mostly"}, cluster_table(X, found.ids))
  end
  page:files("Left out", X.rejected)
  page:files("Kept in part", X.partial)
  run:report(page)
end

local source = experiment.open(args)
local songs = source.songs
local run <close> = experiment.run("cluster", args, songs)
local X = experiment.extract(source, args)
local k = args.clusters or (X.y and math.max(2, #X.classes)) or 8
if X.x:size(0) < k then show.fail("%d sounds cannot make %d clusters", X.x:size(0), k) end
local steps = steps_before(X)
local z = prepare(steps, X.x)
print(preparation(steps, X))

local all = {}
for i, name in ipairs(args.method) do
  all[i] = try(name, z, X.y, k, run)
  local figures = all[i].figures
  print(("%-17s ARI %s  NMI %s  silhouette %s"):format(methods[name].title, shown(figures.ari), shown(figures.nmi),
    shown(figures.silhouette)))
end

if run then
  run:metrics(figures_of(all, X, k))
  run:model(pipeline(steps, all[1].model):fit(X)) -- the same settings and seed: the same clusters
  write_page(run, X, k, steps, z, all)
  run:finish()
  print("run folder: " .. show.name(args.run))
end
