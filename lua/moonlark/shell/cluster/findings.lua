--- Findings: how good clusters are, and what the report of `moonlark cluster` says and shows of them.
local cluster = require "moonlark.cluster"
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local methods = require "moonlark.shell.cluster.methods"
local metrics = require "moonlark.metrics"
local plot = require "moonlark.plot"

local findings = {}

---@class moonlark.shell.Clustering
---@field name string  of the method
---@field model moonlark.Estimator  fitted; the best of all seeds by its own measure
---@field ids moonlark.Tensor  the cluster of each row, -1: none
---@field clusters integer
---@field noise integer  rows in none
---@field figures table<string, number[]>  by name, one for each seed

local NAMES = 60        -- leaves of a dendrogram that have names
local LEAST_MAPPED = 10 -- rows that a map is drawn of
local JUDGED = 20000    -- rows that silhouettes are means of, of all parts
local MOST_TRUSTED = 10000 -- rows of a map whose trustworthiness is told: it takes rows² distances

--- What is measured: agreement with the labels, and how clusters hold together.
findings.measures = {
  {"ari", "ARI"}, {"nmi", "NMI"}, {"ami", "AMI"}, {"homogeneity", "homogeneity"}, {"completeness", "completeness"},
  {"v_measure", "V"}, {"purity", "purity"}, {"silhouette", "silhouette"},
  {"calinski_harabasz", "Calinski-Harabasz"}, {"davies_bouldin", "Davies-Bouldin"},
}

--- At most so many rows: one of each of so many stretches, by a sequence that follows no order of the rows (multiples
--- of the golden section). All of them where there are no more.
---@param most integer
---@param ... moonlark.Tensor  rows first
---@return moonlark.Tensor ...
function findings.sample(most, ...)
  local tensors, n = {...}, (...):size(0)
  if n <= most then return ... end
  local stretch = require "moonlark.torch".arange(most, {dtype = "float64"})
  local places = ((stretch + (stretch * 0.6180339887498949):frac()) * (n / most)):to "int64"
  for i, tensor in ipairs(tensors) do tensors[i] = tensor:index_select(0, places) end
  return table.unpack(tensors)
end

-- How clusters hold together; rows in none are left out.
local function add_cohesion(row, z, ids)
  local inside = ids:ge(0):nonzero():flatten()
  if inside:size(0) < ids:size(0) then z, ids = z:index_select(0, inside), ids:index_select(0, inside) end
  for _, name in ipairs {"silhouette", "calinski_harabasz", "davies_bouldin"} do
    local most = name == "silhouette" and JUDGED or math.huge -- it takes rows² time
    local ok, value = pcall(metrics[name], findings.sample(most, z, ids)) -- undefined when one cluster took all
    row[name] = ok and value or nil
  end
end

--- The figures of one clustering. Rows in no cluster count as a cluster of their own where labels are compared.
---@param z moonlark.Tensor  rows as the clusterer sees them
---@param y moonlark.Tensor?  labels
---@param ids moonlark.Tensor
---@return table<string, number>
function findings.measure(z, y, ids)
  local row = {}
  if y then
    local found = ids:min():item() < 0 and ids + 1 or ids
    row.ari, row.nmi, row.ami, row.purity = metrics.ari(y, found), metrics.nmi(y, found), metrics.ami(y, found),
      metrics.purity(y, found)
    row.homogeneity, row.completeness, row.v_measure = metrics.v_measure(y, found)
  end
  add_cohesion(row, z, ids)
  return row
end

--- A figure as a reader has it: its mean, and its deviation over several seeds.
---@param values number[]
---@return string
function findings.shown(values)
  if #values == 0 then return "–" end
  local mean, deviation = metrics.spread(values)
  return #values > 1 and ("%.3f ± %.3f"):format(mean, deviation) or ("%.3f"):format(mean)
end

--- What is said of a method on the screen.
---@param found moonlark.shell.Clustering
---@return string
function findings.line(found)
  local parts, figures = {}, found.figures
  for _, measure in ipairs {{"ari", "ARI"}, {"nmi", "NMI"}, {"silhouette", "silhouette"}} do
    if #figures[measure[1]] > 0 then parts[#parts + 1] = measure[2] .. " " .. findings.shown(figures[measure[1]]) end
  end
  parts[#parts + 1] = ("%d clusters"):format(found.clusters)
  if found.noise > 0 then parts[#parts + 1] = ("%d in none"):format(found.noise) end
  return ("%-17s "):format(methods.by_name[found.name].title) .. table.concat(parts, "  ")
end

--- The figures of all methods by name: "ari.kmeans"; those of the first also without its name.
---@param all moonlark.shell.Clustering[]
---@return table<string, number>
function findings.flat(all)
  local flat = {}
  for i, found in ipairs(all) do
    flat["clusters." .. found.name], flat["noise." .. found.name] = found.clusters, found.noise
    for key, values in pairs(found.figures) do
      local mean, deviation = metrics.spread(values)
      for _, name in ipairs {key .. "." .. found.name, i == 1 and key or nil} do
        if #values > 0 then flat[name] = mean end
        if #values > 1 then flat[name .. ".std"] = deviation end
      end
    end
  end
  return flat
end

--- The table of methods and their figures: those that any method has.
---@param page moonlark.Report
---@param all moonlark.shell.Clustering[]
---@param args table
function findings.table(page, all, args)
  local headers, keys, rows = {"method", "how", "clusters", "in none"}, {}, {}
  for _, measure in ipairs(findings.measures) do
    local some = false
    for _, found in ipairs(all) do some = some or #found.figures[measure[1]] > 0 end
    if some then keys[#keys + 1], headers[#headers + 1] = measure[1], measure[2] end
  end
  for i, found in ipairs(all) do
    local method = methods.by_name[found.name]
    rows[i] = {method.title, method.says(args), found.clusters, found.noise}
    for c, key in ipairs(keys) do
      local values = found.figures[key]
      rows[i][4 + c] = #values > 1 and findings.shown(values) or values[1] or "–"
    end
  end
  page:table(headers, rows)
end

-- Names of clusters, and the ids to draw them by: rows in none come last.
local function drawn(found)
  local names, ids = {}, found.ids
  for i = 1, found.clusters do names[i] = "cluster " .. i - 1 end
  if found.noise > 0 then
    names[#names + 1] = "in none"
    ids = ids:masked_fill(ids:lt(0), found.clusters)
  end
  return names, ids
end

--- Labels and clusters over the first two columns that the clusterers see.
---@param page moonlark.Report
---@param run moonlark.Run
---@param z moonlark.Tensor
---@param axes string[]  names of the two
---@param y moonlark.Tensor?
---@param classes string[]
---@param all moonlark.shell.Clustering[]
function findings.clouds(page, run, z, axes, y, classes, all)
  if z:size(1) < 2 then return end
  local function picture(file, ids, names, title, caption)
    local look = {classes = names, title = title, xlabel = axes[1], ylabel = axes[2]}
    page:figure(run:plot(file, plot.scatter, z, ids, look), caption)
  end
  local over = ("over %s and %s"):format(axes[1], axes[2])
  if y then picture("labels", y, classes, "Labels", "Labels " .. over) end
  for _, found in ipairs(all) do
    local names, ids = drawn(found)
    local title = methods.by_name[found.name].title
    picture(found.name, ids, names, "Clusters: " .. title, ("Clusters found by %s, %s"):format(title, over))
  end
end

-- How each kind of map is made of z (n rows), and what it is called.
local maps = {
  umap = {title = "UMAP", make = function(n, seed)
    return cluster.umap {n_neighbors = math.min(15, n - 1), seed = seed}
  end},
  tsne = {title = "t-SNE", make = function(n, seed)
    return cluster.tsne {perplexity = math.min(30, (n - 1) // 3), seed = seed}
  end},
}

--- A map of all rows, by labels and by the clusters of each method.
---@param page moonlark.Report
---@param run moonlark.Run
---@param z moonlark.Tensor
---@param y moonlark.Tensor?
---@param classes string[]
---@param all moonlark.shell.Clustering[]
---@param args {embedding: "umap"|"tsne"|"none", seed: integer}
function findings.map(page, run, z, y, classes, all, args)
  local map, n = maps[args.embedding], z:size(0)
  if not map or n < LEAST_MAPPED then return end
  local places, near = map.make(n, args.seed):fit(z).embedding, math.min(15, (n - 1) // 2)
  local figures = {}
  if y then figures[1] = plot.embedding(places, y, {classes = classes, title = "Labels"}) end
  for _, found in ipairs(all) do
    local names, ids = drawn(found)
    figures[#figures + 1] = plot.embedding(places, ids, {classes = names,
      title = methods.by_name[found.name].title})
  end
  page:heading "Map"
  local trust = n <= MOST_TRUSTED and ("; trustworthiness %.3f over %d neighbours"):format(
    metrics.trustworthiness(z, places, near), near) or ""
  page:text(("%s of what the clusterers saw: near points are alike, distances between far groups mean little%s.")
    :format(map.title, trust))
  page:figure(run:plot("map", plot.grid, figures, {columns = 2}), "Map of all, by labels and by clusters")
end

-- A height at which a tree of n rows falls into k clusters.
local function height_of(linkage, k)
  local n = linkage:size(0) + 1
  local function height(merge) return merge < 0 and 0 or merge < n - 1 and linkage[merge][2]:item() end
  local below, above = height(n - k - 1), height(n - k)
  return above and (below + above) / 2 or below * 1.01
end

--- The tree of an agglomerative clustering.
---@param page moonlark.Report
---@param run moonlark.Run
---@param found moonlark.shell.Clustering
---@param X moonlark.Features
function findings.tree(page, run, found, X)
  local linkage, names = found.model.linkage, nil
  if linkage:size(0) < NAMES then
    names = {}
    for i, path in ipairs(X.paths) do names[i] = (select(2, files.split(path)):gsub("%.[^.]*$", "")) end
  end
  local look = {labels = names, title = "Dendrogram", threshold = height_of(linkage, found.clusters)}
  page:figure(run:plot("dendrogram", plot.dendrogram, linkage, look), "How all were joined; colours are the clusters")
end

--- The table of a method's clusters: their sizes, and what is in them.
---@param page moonlark.Report
---@param found moonlark.shell.Clustering
---@param y moonlark.Tensor?
---@param classes string[]
---@param things string  what rows are: "sounds"
function findings.clusters(page, found, y, classes, things)
  local ids, rows = found.ids:totable(), {}
  local labels, counts, parts = y and y:totable(), {}, {}
  for i, id in ipairs(ids) do
    counts[id], parts[id] = (counts[id] or 0) + 1, parts[id] or {}
    local name = labels and classes[labels[i] + 1]
    if name then parts[id][name] = (parts[id][name] or 0) + 1 end
  end
  for id = -1, found.clusters - 1 do
    if counts[id] then
      rows[#rows + 1] = {id < 0 and "none" or tostring(id), counts[id], labels and findings.mostly(parts[id]) or nil}
    end
  end
  page:heading("Clusters found by " .. methods.by_name[found.name].title)
  page:table({"cluster", things, labels and "mostly" or nil}, rows)
end

--- The three most frequent names, with how often they are there.
---@param counts table<string, integer>
---@return string
function findings.mostly(counts)
  local list, words = {}, {}
  for name, count in pairs(counts) do list[#list + 1] = {name = name, count = count} end
  table.sort(list, function(a, b) return a.count > b.count or a.count == b.count and a.name < b.name end)
  for i = 1, math.min(3, #list) do words[i] = ("%s %d"):format(list[i].name, list[i].count) end
  return table.concat(words, ", ")
end

--- Writes clusters.csv: the cluster of each row by each method, -1: none.
---@param run moonlark.Run
---@param X moonlark.Features
---@param y moonlark.Tensor?
---@param all moonlark.shell.Clustering[]
function findings.write(run, X, y, all)
  local columns, rows, labels = {"path", y and "label" or nil}, {}, y and y:totable()
  for i, path in ipairs(X.paths) do rows[i] = {path = path, label = labels and X.classes[labels[i] + 1]} end
  for _, found in ipairs(all) do
    columns[#columns + 1] = found.name
    for i, id in ipairs(found.ids:totable()) do rows[i][found.name] = id end
  end
  csv.write(run:own "clusters.csv", columns, rows)
end

return findings
