--- Genres without labels: PCA and a Gaussian mixture on four features, beside k-means on an LSTM autoencoder's code.
local cluster = require "moonlark.cluster"
local command = require "moonlark.shell.command"
local feature = require "moonlark.feature"
local metrics = require "moonlark.metrics"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local study = require "moonlark.shell.study"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local parser = study.parser("unsupervised", "Chroma, tonnetz, mel and MFCC of each song are standardised, flattened, "
  .. "reduced by PCA and grouped by a Gaussian mixture; an LSTM autoencoder's code is grouped by k-means. Both never "
  .. "see a label, and are compared with the labels by ARI and NMI.")
study.seconds(parser, 30)
command.option(parser, "components", options.integer(50, {least = 1}, "principal components to keep"))
command.option(parser, "seeds", options.integer(5, {least = 1}, "starts to average over"))
study.training(parser, 20)
local args = parser:parse()
local songs, run <close> = study.open("unsupervised", args)
local how = {workers = args.workers, cache = study.cache(args)}

-- Every song has as many frames as any other: shorter ones end in silence.
local recipe = feature.recipe {
  features = {chroma_stft = {}, tonnetz = {}, mel = {}, mfcc = {}}, duration = args.seconds, pad = true,
}
local X = songs:extract(recipe, how)
local k = #X.classes

-- songs × rows × frames of one feature; powers as decibels.
local function stacked(name)
  local all
  for i = 1, #X.tracks do
    local signal = X.items[i][name]
    if name == "mel" then signal = feature.power_to_db(signal) end
    all = all or torch.zeros {#X.tracks, signal.data:size(0), signal.data:size(1)}
    all[i - 1]:copy_(signal.data)
  end
  return all
end

-- Each row of a feature has mean 0 and deviation 1 over all songs and times; then a song is one long row of numbers.
local function flattened(name)
  local all = stacked(name)
  all:sub_(all:mean({0, 2}, {keepdim = true}))
  all:div_(all:pow(2):mean({0, 2}, {keepdim = true}):sqrt():clamp_min(1e-8))
  return all:flatten(1)
end

-- ARI and NMI of one way, mean and deviation over the seeds, and its clusters with the best measure of its own.
local function judged(name, make, z, better)
  local found = {name = name, ari = {}, nmi = {}}
  for seed = args.seed, args.seed + args.seeds - 1 do
    local model = make(seed):fit(z)
    local ids = model:predict(z)
    table.insert(found.ari, metrics.ari(X.y, ids))
    table.insert(found.nmi, metrics.nmi(X.y, ids))
    run:log {way = name, seed = seed, ari = found.ari[#found.ari], nmi = found.nmi[#found.nmi]}
    if not found.best or better(model, found.best) then found.best, found.ids = model, ids end
  end
  for _, key in ipairs {"ari", "nmi"} do found[key], found[key .. "_std"] = metrics.spread(found[key]) end
  print(("%-22s ARI %.3f ± %.3f  NMI %.3f ± %.3f"):format(name, found.ari, found.ari_std, found.nmi, found.nmi_std))
  return found
end

local function principal_components(x)
  local n = math.min(args.components, x:size(0) - 1, x:size(1))
  return cluster.pca {n_components = n}:fit(x):transform(x)
end

local function by_mixture(name, z)
  return judged(name, function(seed)
    return cluster.gmm {n_components = k, covariance = "diag", reg_covar = 1e-3, seed = seed}
  end, z, function(a, b) return a.lower_bound > b.lower_bound end)
end

local function by_kmeans(name, z)
  return judged(name, function(seed)
    return cluster.kmeans {n_clusters = k, n_init = 10, seed = seed}
  end, z, function(a, b) return a.inertia < b.inertia end)
end

-- The code of an LSTM that learns to tell 3 s of MFCC again; a song's is the mean over its segments.
local function learnt_code()
  local segment = math.min(3, args.seconds)
  local input = {feature = "mfcc", segment = segment, workers = args.workers, cache = how.cache}
  local batches = songs:batches(input)
  torch.manual_seed(args.seed)
  local net = require "models.lstm_autoencoder" {n_mels = batches:prepare().rows, code = 32}
  train.fit(net, {train = batches, optimizer = optim.AdamW {lr = 2e-3}, schedule = optim.cosine {}, clip_norm = 1,
    epochs = args.epochs, device = args.device, seed = args.seed,
    objective = function(trained, batch) return trained:loss(batch) end})
  input.crop, input.shuffle = false, false
  return net:codes(songs:batches(input))
end

local ways, names, flat = {}, {"chroma_stft", "tonnetz", "mel", "mfcc"}, {}
for i, name in ipairs(names) do
  flat[i] = flattened(name)
  ways[i] = by_mixture(name, principal_components(flat[i]))
end
local z = principal_components(torch.cat(flat, 1))
ways[5] = by_mixture("all four", z)
local code = learnt_code()
ways[6] = by_kmeans("autoencoder's code", code)

-- The same clusters with the songs dealt out anew: what chance reaches.
local chance = {}
for i = 1, 100 do
  torch.manual_seed(args.seed + i)
  chance[i] = metrics.nmi(X.y, ways[5].ids:index_select(0, torch.randperm(#X)))
end
local chance_nmi, chance_std = metrics.spread(chance)

local page = report.new("Genres without labels: " .. args.data)
page:text(("%d songs of %d genres, %g s each. PCA keeps %d components; figures are means and deviations over %d seeds."
  ):format(#X, k, args.seconds, z:size(1), args.seeds))
local rows, figures = {}, {n = #X, clusters = k, rejected = #X.rejected}
for i, way in ipairs(ways) do
  rows[i] = {way.name, i < 6 and "PCA, Gaussian mixture" or "k-means", way.ari, way.ari_std, way.nmi, way.nmi_std}
  local key = way.name:gsub("[^%a]+", "_")
  figures["ari." .. key], figures["nmi." .. key] = way.ari, way.nmi
end
rows[#rows + 1] = {"chance", "songs dealt out anew", 0.0, nil, chance_nmi, chance_std}
figures["nmi.chance"] = chance_nmi
figures.ari, figures.nmi = ways[5].ari, ways[5].nmi
page:text "ARI is 0 for chance and 1 for the labels; NMI is not corrected for chance, whose own value is the last row."
page:table({"features", "grouped by", "ARI", "±", "NMI", "±"}, rows)
local axes = {xlabel = "component 1", ylabel = "component 2"}
local function picture(name, title, ids, classes)
  local o = {title = title, classes = classes}
  for key, value in pairs(axes) do o[key] = value end
  page:figure(run:plot(name, plot.scatter, z, ids, o), title)
end
picture("labels", "Labels over the components of all four features", X.y, X.classes)
picture("clusters", "Clusters of the Gaussian mixture", ways[5].ids)
page:figure(run:plot("code", plot.scatter, cluster.pca {n_components = 2}:fit(code):transform(code), X.y,
  {classes = X.classes, title = "Labels over the autoencoder's code", xlabel = "component 1", ylabel = "component 2"}),
  "Labels over the autoencoder's code")
page:files("Left out", X.rejected)
study.finish(run, page, figures)
