--- Pretrained: models that others have trained, opened from their files.
---
---     local pretrained = require "moonlark.pretrained"
---     local model = pretrained.open "models/yamnet"                  -- a folder, a file of weights, or "org/name"
---     print(model:classify("song.mp3", {top = 5}))
---     local x = model:embed "song.mp3"
---
--- What a model is comes from its config.json, or from the names and shapes of its tensors (moonlark.pretrained.family).
--- Nothing in a file is run.
local Pretrained = require "moonlark.pretrained.class"
local family = require "moonlark.pretrained.family"
local found = require "moonlark.pretrained.found"
local hub = require "moonlark.hub"
local init = require "moonlark.nn.initialise"
local network = require "moonlark.network"
local options = require "moonlark.base.options"
local precision = require "moonlark.pretrained.precision"
local show = require "moonlark.base.show"

local pretrained = {}

local opening = options.describe("pretrained.open", {
  device = options.text("cpu", 'where it computes: "cpu", "cuda:0"'),
  precision = options.choice(precision.names, "float32",
    "of weights and computation; int8: of linear layers, on the CPU"),
  labels = options.text(nil, "CLAP: a file of texts' embeddings by their names, .safetensors, .npz or .json",
    {usual = "texts.safetensors, .npz or .json beside the weights"}),
  pooling = options.choice({"all", "valid"}, options.none, "Whisper: the head hears the mean of all frames, or of those "
    .. "of sound", {usual = "as trained"}),
  pca = options.boolean(false, "VGGish: whitened and quantised to 0..255, as AudioSet's embeddings are"),
}, hub.options)

-- The tensors under the network's names.
local function renamed(one, seen, o)
  local tensors = {}
  for i, file in ipairs(seen.members or {seen}) do
    local prefix = one.ensemble and ("members.%d."):format(i - 1) or ""
    for name, tensor in pairs(file.tensors) do
      local inner = name
      if one.rename then inner = one.rename(name, file) end
      if inner then tensors[prefix .. inner] = tensor end
    end
  end
  return one.prepare and one.prepare(tensors, seen, o) or tensors
end

-- The names in config.json, by id; nil where it has none.
local function labels_of_config(seen)
  local by_id = seen.config and seen.config.id2label
  if type(by_id) ~= "table" then return nil end
  local labels, count = {}, 0
  for id, label in pairs(by_id) do
    local number = math.tointeger(tonumber(id)) or seen:fail("config.json: id2label has the id '%s', no number", id)
    labels[number + 1] = type(label) == "string" and label or seen:fail("config.json: label %s is no string", id)
    count = count + 1
  end
  if #labels ~= count then seen:fail("config.json: the ids of id2label are not 0..%d", count - 1) end
  return labels
end

local tasks = {multi_label_classification = "tags", single_label_classification = "classes", regression = false}

-- What scores mean: as config.json says, else as the family knows; nil where there are none.
local function task_of(one, seen, o)
  local said = tasks[seen.config and seen.config.problem_type or ""]
  if said ~= nil then return said or nil end
  if type(one.task) == "function" then return one.task(seen, o) end
  return one.task
end

-- Labels are words, each another: answers are told apart by them.
local function check_names(names, seen)
  if type(names) ~= "table" then seen:fail("labels must be a list of words, got %s", show.text(names)) end
  local known = {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then seen:fail("label %d must be a word, got %s", i, show.text(name)) end
    if known[name] then seen:fail("labels %d and %d are both '%s'", known[name], i, name) end
    known[name] = i
  end
end

-- The names of the scores; nil for a network that gives none. Where no file names them they are called as the
-- reference calls them: LABEL_0 …
local function names_of(one, task, seen, o)
  if not (task and o.classes) then return nil end
  local names = one.labels and one.labels(seen, o) or labels_of_config(seen)
  if not names then
    names = {}
    for i = 1, o.classes do names[i] = ("LABEL_%d"):format(i - 1) end
  end
  check_names(names, seen)
  if #names ~= o.classes then
    seen:fail("there are %d labels, and the network tells %d classes", #names, o.classes)
  end
  return names
end

-- How many batches a norm has seen is missing in files of other libraries, and changes no answer.
local function with_counters(tensors, net)
  for name, tensor in pairs(net:state_dict()) do
    if name:find "num_batches_tracked$" then tensors[name] = tensors[name] or tensor end
  end
  return tensors
end

-- What only one family can do, by the option that asks for it.
local abilities = {labels = "clap", pooling = "whisper", pca = "vggish"}

-- Refuses what the family would not do.
local function check_asked(one, seen, o)
  for _, name in ipairs {"labels", "pooling", "pca"} do
    if o[name] and one.name ~= abilities[name] then
      seen:fail("%s is an option of %s, this is a %s", name, abilities[name], one.name)
    end
  end
end

-- Raises another part's error, of whatever many lines, with the model's path.
local function refuse(seen, why) error(("%s: %s"):format(show.name(seen.path), why), 0) end

local function filled(one, seen, architecture)
  local make = network.find(one.architecture)
  local made, net = pcall(init.without, make, architecture)
  if not made then refuse(seen, net) end
  local state = with_counters(renamed(one, seen, architecture), net)
  for name, tensor in pairs(state) do state[name] = tensor:contiguous() end
  local fits, why = pcall(net.load_state_dict, net, state, {assign = true})
  if not fits then refuse(seen, why) end
  return net
end

--- Opens a model. One that is named as on a hub is fetched where it is not in the cache (moonlark.hub). Errors: it cannot
--- be fetched, it is not known here (what is known is said), its tensors do not fit (all that do not are
--- listed), it is damaged.
---     local model = pretrained.open("models/musicnn/MSD_musicnn.safetensors", {device = "cuda:0"})
---@param what string  a folder, a file of weights, a name of the catalogue ("yamnet"), or "org/name" on a hub
---@param given moonlark.pretrained.open.Options?
---@return moonlark.Pretrained
function pretrained.open(what, given)
  if type(what) ~= "string" or what == "" then
    show.fail("what to open must be a folder, a file or a name, got %s", options.got(what))
  end
  local o = opening:read(given)
  local path = hub.path_of(what, {offline = o.offline, revision = o.revision, token = o.token})
  local seen = found.at(path, o)
  local one, architecture = family.of(seen)
  check_asked(one, seen, o)
  local net = filled(one, seen, architecture):eval()
  local computed = precision.apply(net, o.precision, o.device)
  local task = task_of(one, seen, architecture)
  local names = names_of(one, task, seen, architecture)
  return setmetatable({
    net = net, family = one, found = seen, front = one.front(seen, architecture), names = names, device = o.device,
    precision = computed,
    card = {architecture = one.architecture, options = architecture, classes = names, task = task,
      source = one.source},
  }, Pretrained)
end

return pretrained
