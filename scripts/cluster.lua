--- Finds clusters of sounds without their labels (PCA + Gaussian mixture, k-means) and compares.
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local experiment = require "moonlark.shell.experiment"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"

local parser = command.parser("cluster", "Standardises features, takes principal components and finds clusters in "
  .. "them without the labels; then says how well clusters and labels agree, as a mean over several seeds.")
experiment.arguments(parser, "mean,std")
command.option(parser, "components", options.integer(10, {least = 1}, "principal components to keep"))
command.option(parser, "clusters", options.integer(nil, {least = 2, usual = "as many as classes"}, "clusters to find"))
command.option(parser, "covariance", options.described "cluster.gmm".by_name.covariance, {default = "diag"})
command.option(parser, "seeds", options.integer(10, {least = 1, most = 1000}, "starts to average over"))
local args = parser:parse()

local function principal_components(X)
  local scaled = classify.scaler():fit(X.x):transform(X.x)
  local n = math.min(args.components, X.x:size(0), X.x:size(1))
  local pca = cluster.pca {n_components = n, whiten = true}:fit(scaled)
  return pca, pca:transform(scaled)
end

-- How well one kind of clusterer agrees with the labels over all seeds, and its best result by its own measure.
local function try(make, better, z, y, run, name)
  local found = {ari = {}, nmi = {}, silhouette = {}}
  for i = 1, args.seeds do
    local model = make(args.seed + i - 1):fit(z)
    local ids = model:predict(z)
    local row = {model = name, seed = args.seed + i - 1}
    if y then row.ari, row.nmi = metrics.ari(y, ids), metrics.nmi(y, ids) end
    local ok, silhouette = pcall(metrics.silhouette, z, ids) -- undefined when one cluster took all
    row.silhouette = ok and silhouette or nil
    for _, key in ipairs {"ari", "nmi", "silhouette"} do table.insert(found[key], row[key]) end
    if run then run:log(row) end
    if not found.best or better(model, found.best) then found.best, found.ids = model, ids end
  end
  return found
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

local function write_page(run, X, k, pca, z, gmm, kmeans, rows)
  local page = report.new("Clusters of " .. args.data)
  local kept = pca.explained_variance_ratio:sum():item()
  page:text(("%d sounds, %d features each; %d principal components hold %.0f %% of the variance. Figures are means "
    .. "over %d seeds; pictures show the best of them by its own measure, labels unseen."):format(X.x:size(0),
    X.x:size(1), z:size(1), 100 * kept, args.seeds))
  page:table({"method", "ARI", "NMI", "silhouette"}, rows)
  if X.y then
    page:figure(run:plot("labels", plot.scatter, z, X.y, {classes = X.classes, title = "Labels",
      xlabel = "component 1", ylabel = "component 2"}), "Labels over the first two components")
  end
  local names = {}
  for i = 1, k do names[i] = "cluster " .. i - 1 end
  page:figure(run:plot("clusters", plot.scatter, z, gmm.ids,
    {classes = names, title = "Clusters of the Gaussian mixture",
    xlabel = "component 1", ylabel = "component 2"}), "Clusters over the same components")
  page:figure(run:plot("variance", plot.bars, pca.explained_variance_ratio, {title = "Variance by component",
    xlabel = "component", ylabel = "share of variance"}), "Variance that each component explains")
  if X.y then
    page:heading "Clusters of the Gaussian mixture"
    page:table({"cluster", "sounds", "mostly"}, cluster_table(X, gmm.ids))
    page:heading "Clusters of k-means"
    page:table({"cluster", "sounds", "mostly"}, cluster_table(X, kmeans.ids))
  end
  page:files("Left out", X.rejected)
  page:files("Kept in part", X.partial)
  run:report(page)
end

local songs = dataset.open(args.data)
local run <close> = experiment.run("cluster", args, songs)
local X = experiment.extract(songs, args)
local k = args.clusters or (X.y and math.max(2, #X.classes)) or 8
if X.x:size(0) < k then show.fail("%d sounds cannot make %d clusters", X.x:size(0), k) end
local pca, z = principal_components(X)

local gmm = try(function(seed)
  return cluster.gmm {n_components = k, covariance = args.covariance, reg_covar = 1e-3, seed = seed}
end, function(a, b) return a.lower_bound > b.lower_bound end, z, X.y, run, "gmm")
local kmeans = try(function(seed)
  return cluster.kmeans {n_clusters = k, seed = seed}
end, function(a, b) return a.inertia < b.inertia end, z, X.y, run, "kmeans")

local figures = {n = X.x:size(0), clusters = k, rejected = #X.rejected, partial = #X.partial}
local rows = {}
for _, entry in ipairs {{"Gaussian mixture", gmm, ""}, {"k-means", kmeans, ".kmeans"}} do
  local title, found, suffix = entry[1], entry[2], entry[3]
  local row = {title}
  for _, key in ipairs {"ari", "nmi", "silhouette"} do
    if #found[key] > 0 then
      local mean, deviation = metrics.spread(found[key])
      figures[key .. suffix], figures[key .. suffix .. ".std"] = mean, deviation
      row[#row + 1] = ("%.3f ± %.3f"):format(mean, deviation)
    else
      row[#row + 1] = "–"
    end
  end
  rows[#rows + 1] = row
  print(("%-17s ARI %s  NMI %s  silhouette %s"):format(table.unpack(row)))
end

if run then
  run:metrics(figures)
  write_page(run, X, k, pca, z, gmm, kmeans, rows)
  run:finish()
  print("run folder: " .. show.name(args.run))
end
