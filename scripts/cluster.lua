--- Finds clusters of sounds without their labels (Gaussian mixture, k-means, trees, density) and compares.
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local command = require "moonlark.shell.command"
local experiment = require "moonlark.shell.experiment"
local findings = require "moonlark.shell.cluster.findings"
local methods = require "moonlark.shell.cluster.methods"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"

local TRIED = 5000 -- rows, of all parts, that --clusters auto looks at

local parser = command.parser("cluster", "Standardises features, takes principal components and finds clusters in "
  .. "them without the labels; then says how well clusters and labels agree.")
parser:epilog [[
--clusters auto tries 2 to 15 clusters and takes the number that most of silhouette, gap statistic and BIC choose; of
more than 5000 rows it looks at 5000, of all parts. Silhouettes are means over at most 20000 rows.
With --run, clusters.csv says which cluster each sound is in, and the model of the first method can be used again:
moonlark predict FOLDER new_songs.]]
experiment.arguments(parser, "mean,std")
command.option(parser, "method", options.list(options.choice(methods.names), {"gmm", "kmeans"}, {least = 1},
  "how clusters are found, any of " .. table.concat(methods.names, ",")))
command.option(parser, "clusters", options.either(nil, {options.integer(nil, {least = 2}), options.choice {"auto"}},
  "clusters to find", {usual = "as many as classes, 8 without labels"}))
command.option(parser, "scale", options.choice({"standard", "none"}, "standard",
  "what becomes of columns first: mean 0 and deviation 1, or nothing"))
command.option(parser, "components", options.integer(10, {least = 0}, "principal components to keep; 0: all columns"))
command.option(parser, "whiten", options.boolean(false, "bring each principal component to variance 1"))
command.option(parser, "starts", options.integer(10, {least = 1, most = 10000},
  "random starts of gmm, kmeans and spectral, of which the best is kept"))
command.option(parser, "covariance", options.described "cluster.gmm".by_name.covariance, {default = "diag"})
command.options(parser, options.described "cluster.agglomerative", {"linkage"})
command.option(parser, "neighbors", options.described "cluster.spectral".by_name.n_neighbors)
command.options(parser, options.described "cluster.hdbscan", {"min_cluster_size"})
command.option(parser, "embedding", options.choice({"umap", "tsne", "none"}, "umap",
  "how the report's map of all rows is made"))
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

-- What a method finds: its figures over all seeds, and its best model with the clusters of each row.
local function try(name, z, y, k, run)
  local method, found = methods.by_name[name], {name = name, figures = {}}
  for _, measure in ipairs(findings.measures) do found.figures[measure[1]] = {} end
  for seed = args.seed, args.seed + (method.better and args.seeds or 1) - 1 do
    local model = method.make(args, k, seed):fit(z)
    local ids = model.labels or model:predict(z)
    local row = findings.measure(z, y, ids)
    for key, value in pairs(row) do table.insert(found.figures[key], value) end
    row.model, row.seed = name, seed
    if run then run:log(row) end
    if not found.model or method.better(model, found.model) then found.model, found.ids = model, ids end
  end
  found.clusters = math.max(0, found.ids:max():item() + 1)
  found.noise = found.ids:lt(0):sum():item()
  return found
end

-- The number of clusters, and how it was chosen where that was asked for.
local function count(X, y, z)
  if args.clusters == "auto" then
    local method = "kmeans"
    for _, name in ipairs(args.method) do
      if name ~= "hdbscan" then method = name break end
    end
    local choice = cluster.choose(findings.sample(TRIED, z), {method = method, n_init = args.starts,
      covariance = args.covariance, reg_covar = 1e-3, seed = args.seed})
    print(choice)
    if z:size(0) > TRIED then print(("by %d of %d rows, of all parts"):format(TRIED, z:size(0))) end
    return choice.k, choice
  end
  local k = args.clusters or (y and math.max(2, #X.classes)) or 8
  if X.x:size(0) < k then show.fail("%d rows cannot make %d clusters", X.x:size(0), k) end
  return k
end

local function write_choice(page, run, choice)
  page:heading "How many clusters"
  local headers, rows, chosen = {"clusters"}, {}, {}
  for i, name in ipairs(choice.criteria) do
    headers[i + 1], chosen[i] = name, ("%s %s"):format(name, choice.best[name] or "none")
  end
  page:text(("Of %d to %d clusters the criteria choose: %s. The number of most of them is taken: %d."):format(
    choice.rows[1].k, choice.rows[#choice.rows].k, table.concat(chosen, ", "), choice.k))
  for i, row in ipairs(choice.rows) do
    rows[i] = {row.k}
    for c, name in ipairs(choice.criteria) do rows[i][c + 1] = row[name] end
  end
  page:table(headers, rows)
  page:figure(run:plot("choice", choice.plot, choice), "Criteria over the number of clusters; lines where each chooses")
end

local function write_page(run, X, y, k, choice, steps, z, all)
  local page, things = report.new("Clusters of " .. args.data), X.recipe and "sounds" or "rows"
  local of_seeds = args.seeds == 1 and ("Seed %d."):format(args.seed) or ("Figures are means over %d seeds; pictures "
    .. "show the best by its own measure, labels unseen."):format(args.seeds)
  page:text(("%d %s, %d features each. %s %d clusters%s. %s"):format(X.x:size(0), things, X.x:size(1),
    preparation(steps, X), k, not args.clusters and y and ", as many as classes" or "", of_seeds))
  findings.table(page, all, args)
  if choice then write_choice(page, run, choice) end
  page:heading "Pictures"
  local pca = steps.pca
  local axes = pca and {"component 1", "component 2"} or {X.names[1], X.names[2]}
  findings.clouds(page, run, z, axes, y, X.classes, all)
  if pca then
    page:figure(run:plot("variance", plot.bars, pca.explained_variance_ratio, {title = "Variance by component",
      xlabel = "component", ylabel = "share of variance"}), "Variance that each component explains")
  end
  findings.map(page, run, z, y, X.classes, all, args)
  for _, found in ipairs(all) do
    findings.clusters(page, found, y, X.classes, things)
    if found.name == "agglomerative" then findings.tree(page, run, found, X) end
  end
  page:text(("clusters.csv has the cluster of each row; the model is that of the method %s."):format(
    methods.by_name[all[1].name].title))
  page:files("Left out", X.rejected)
  page:files("Kept in part", X.partial)
  run:report(page)
end

local source = experiment.open(args)
local run <close> = experiment.run("cluster", args, source.songs)
local X = experiment.extract(source, args)
local y = (X.task == nil or X.task == "classes") and X.y or nil
local steps = steps_before(X)
local z = prepare(steps, X.x)
print(preparation(steps, X))
args.neighbors = math.min(args.neighbors, X.x:size(0))
local k, choice = count(X, y, z)

local all = {}
for i, name in ipairs(args.method) do
  all[i] = try(name, z, y, k, run)
  print(findings.line(all[i]))
end

if run then
  local figures = findings.flat(all)
  figures.n, figures.columns, figures.clusters = X.x:size(0), X.x:size(1), k
  figures.rejected, figures.partial = #X.rejected, #X.partial
  run:metrics(figures)
  findings.write(run, X, y, all)
  run:model(pipeline(steps, all[1].model):fit(X)) -- the same settings and seed: the same clusters
  write_page(run, X, y, k, choice, steps, z, all)
  run:finish()
  print("run folder: " .. show.name(args.run))
end
