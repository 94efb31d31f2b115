local lu = require "luaunit"
local complete = require "moonlark.shell.complete"
local help = require "moonlark.shell.help"
local moonlark = require "moonlark"
local sources = require "moonlark.shell.help.sources"

TestHelp = {}

-- A LuaCATS comment with words; "---@class" alone says nothing to a reader of `name?`.
local function says_something(entry)
  return entry.doc ~= nil and table.concat(entry.doc.text):find "%a" ~= nil
end

function TestHelp:test_every_public_name_has_a_comment()
  local silent = {}
  for _, entry in ipairs(sources.library()) do
    local public = entry.kind == "module" or entry.kind == "function" or entry.code and entry.code:find "^function"
    local inside = entry.module:find(".", 1, true) -- parts of a module, which its own file offers
    if public and not inside and not says_something(entry) then
      silent[#silent + 1] = ("%s (%s:%d)"):format(entry.name, entry.path:match "lua/moonlark/.*", entry.line)
    end
  end
  lu.assertEquals(silent, {}, "public names without a LuaCATS comment")
end

function TestHelp:test_every_file_says_what_it_is()
  local described, silent = {}, {}
  for _, entry in ipairs(sources.library()) do
    if entry.line <= 40 and says_something(entry) then described[entry.path] = true end
  end
  for _, entry in ipairs(sources.library()) do
    if not described[entry.path] then silent[entry.path] = true end
  end
  lu.assertEquals(silent, {})
end

function TestHelp:test_every_function_of_a_loaded_module_is_explained()
  local silent = {}
  for _, name in ipairs(moonlark.modules) do
    local module = moonlark.module(name)
    for key, value in pairs(module or {}) do
      if type(value) == "function" and type(key) == "string" and not key:find "^_" then
        local _, found = help.text(name .. "." .. key)
        if not found then silent[#silent + 1] = name .. "." .. key end
      end
    end
  end
  table.sort(silent)
  lu.assertEquals(silent, {}, "functions that `name?` cannot explain")
end

-- Classes whose objects no user holds: their methods need no example.
local inner = {Description = true, Panel = true, Parameter = true, Progress = true, Recipe = true, Trainer = true}

-- What a page shows as code: blocks of lines that are indented by four blanks.
local function code_of(page)
  local blocks, inside = {}, false
  for line in page:gmatch "[^\n]*" do
    if line:find "^    " then
      blocks[inside and #blocks or #blocks + 1] = (inside and blocks[#blocks] .. "\n" or "") .. line
    end
    inside = line:find "^    " ~= nil
  end
  return blocks
end

-- A page without an example that is Lua and calls what the page is about; the wide page breaks no line.
local function lacks_example(name)
  local call = name:match "[.:][%w_]+$":gsub("^.", name:find ":" and ":" or "%%.") .. "%f[^%w_]"
  for _, code in ipairs(code_of((help.text(name, 10000)))) do
    if code:find(call) and (load(code) or load("return " .. code)) then return false end
  end
  return true
end

function TestHelp:test_functions_show_how_they_are_called()
  local silent, written = {}, {}
  for _, entry in ipairs(sources.library()) do written[entry.name] = entry.doc end
  for _, name in ipairs(moonlark.modules) do
    for key, value in pairs(moonlark.module(name) or {}) do
      local class = type(value) == "table" and rawget(value, "__name") == key
      local public = type(key) == "string" and not key:find "^_" and (type(value) == "function" or class)
      public = public and (name ~= "torch" or written["torch." .. key]) -- operators have libtorch's words
      if public and lacks_example(name .. "." .. key) then silent[#silent + 1] = name .. "." .. key end
    end
  end
  table.sort(silent)
  lu.assertEquals(silent, {}, "functions without an example that is Lua and calls them")
end

function TestHelp:test_methods_show_how_they_are_called()
  local silent = {}
  for _, entry in ipairs(sources.library()) do
    local class, method = entry.name:match "^([%w_]+):([%w_]+)$"
    if class and not inner[class] and says_something(entry) and not method:find "^_" and lacks_example(entry.name) then
      silent[#silent + 1] = entry.name
    end
  end
  lu.assertEquals(silent, {}, "methods without an example that is Lua and calls them")
end

function TestHelp:test_a_class_is_one_thing()
  local places, twice = {}, {}
  for _, entry in ipairs(sources.library()) do
    if entry.kind == "class" then
      local stated = entry.path:find "/torch/meta%.lua$" -- what the C module gives the tensors of torch/init.lua
      if places[entry.full] and not stated then twice[#twice + 1] = entry.full .. " in " .. entry.path end
      places[entry.full] = entry.path
    end
  end
  lu.assertEquals(twice, {})
end

function TestHelp:test_values_and_names_lead_to_the_same_page()
  local show = require "moonlark.base.show"
  local by_name = help.text "base.show.text"
  lu.assertStrContains(by_name, "base.show.text(value, limits)")
  lu.assertStrContains(by_name, "`width` (100) columns")
  lu.assertEquals(help.text(show.text), by_name)
  lu.assertEquals(help.text(show), (help.text "base.show"))
  lu.assertEquals(help.text "moonlark.base.show.text", by_name)
end

function TestHelp:test_methods_of_objects()
  song = require("moonlark.signal").new {data = {}, rate = 1, kind = "waveform"}
  lu.assertStrContains(help.text "song:slice", "Signal:slice(from, to)")
  lu.assertStrContains(help.text "song", "whose last axis is time")
  song = nil
end

-- What a class's constructor reads, by its description: names in order and defaults; the words of its page.
local function constructors()
  local options, nn = require "moonlark.base.options", require "moonlark.nn"
  local found = {}
  for name, class in pairs(nn) do
    if type(class) == "table" and rawget(class, "__name") == name then
      found[name] = {names = {}, defaults = {}}
      local description = options.described("nn." .. name)
      for i, it in ipairs(description and description.list or {}) do
        found[name].names[i], found[name].defaults[it.name] = it.name, it.default
      end
    end
  end
  return found
end

function TestHelp:test_classes_are_explained_with_their_arguments_and_defaults()
  local count = 0
  local by_hand = {Sequential = true, ModuleList = true, ModuleDict = true, Module = true} -- modules, not options
  for name, has in pairs(constructors()) do
    local text, found = help.text("nn." .. name, 120)
    lu.assertTrue(found, name)
    local head = text:match "^(.-)\n\n"
    for i, argument in ipairs(has.names) do
      local default = has.defaults[argument]
      local line = text:match("\n  " .. argument .. " +([^\n]*)")
      lu.assertNotNil(line, ("%s: %s is not explained"):format(name, argument))
      local stated = line:match "^%S+"
      if default == nil then
        lu.assertFalse(head:find(argument .. " =", 1, true) ~= nil, name .. " " .. argument)
      else
        local value = load("return " .. stated)()
        lu.assertEquals(value, default, name .. " " .. argument)
        lu.assertStrContains(head:gsub("%s+", " "), ("%s = %s"):format(argument, stated))
      end
      local before = has.names[i - 1]
      if before then
        lu.assertTrue(head:find(before, 1, true) < head:find("[( ]" .. argument .. "%f[%W]"), name .. ": order")
      end
    end
    if not by_hand[name] then lu.assertEquals(head:find("(", 1, true) ~= nil, #has.names > 0, name) end
    if name ~= "Module" then
      lu.assertStrContains(text:gsub("%s+", " "), "PyTorch: " .. name .. ".")
      lu.assertStrContains(text, "`nn.Module?`")
    end
    count = count + 1
  end
  lu.assertTrue(count >= 45, tostring(count))
end

function TestHelp:test_instances_and_classes_of_ones_own()
  local nn, optim, torch = require "moonlark.nn", require "moonlark.optim", require "moonlark.torch"
  local linear = (help.text "nn.Linear")
  lu.assertStrContains(linear, "nn.Linear(in_features, out_features, bias = true)\n")
  lu.assertStrContains(linear, "[*, in_features] to [*, out_features]")
  lu.assertEquals((help.text(nn.Linear)), linear)
  lu.assertEquals((help.text(nn.Linear(2, 3))), linear)
  Own = nn.LSTM:extend "Linear" -- a name that is taken
  lu.assertStrMatches((help.text "Own"), "nn%.LSTM%(.*")
  Own = nil
  lu.assertStrMatches((help.text(nn.Module:extend "Net")), "nn%.Module\n.*:freeze%(pattern%).*")
  lu.assertStrContains((help.text "nn.Linear.freeze"), "Module:freeze(pattern)")
  lu.assertStrContains((help.text "optim.AdamW"), "optim.AdamW(params, given) → moonlark.Optimizer")
  lu.assertStrContains((help.text "optim.cosine"), "optim.cosine(given)")
  lu.assertStrContains((help.text "optim"), "  .one_cycle(given)")
  lu.assertStrContains((help.text "nn.init.xavier_uniform"), "nn.init.xavier_uniform(tensor, gain)")
  local _, count = (help.text "nn"):gsub("\n  %.LayerNorm ", "")
  lu.assertEquals(count, 1)
  local opt = optim.SGD({torch.zeros {1}}, {lr = 1})
  lu.assertStrContains((help.text(opt)), ":load_state_dict(state)")
  lu.assertStrContains((help.text(optim.warmup({steps = 2}):bind(opt))), ":load_state(state)")
  lu.assertStrContains((help.text(optim.EMA(nn.ReLU()))), ":swap()")
end

function TestHelp:test_networks_and_optimisers_have_no_silent_method()
  local silent = {}
  for _, entry in ipairs(sources.library()) do
    local public = entry.kind == "function" or entry.code and entry.code:find "^function"
    if public and entry.module:find "^nn%f[%W]" or public and entry.module:find "^optim%f[%W]" then
      local method = entry.name:match "[.:]([%w_]+)$"
      local of_class = method == "init" or method == "forward" or method == "expects" or method == "arguments"
      if not says_something(entry) and not of_class then silent[#silent + 1] = entry.name end
    end
  end
  lu.assertEquals(silent, {})
end

function TestHelp:test_operators_show_their_schemas()
  lu.assertStrContains(help.text "torch.conv2d", "conv2d(Tensor input, Tensor weight")
end

function TestHelp:test_what_is_not_there()
  local text, found = help.text "base.show.txet"
  lu.assertFalse(found)
  lu.assertStrContains(text, "did you mean 'base.show.text'")
  text = help.text "slice"
  lu.assertStrContains(text, "Signal:slice")
end

function TestHelp:test_pages_fit_the_width()
  for _, name in ipairs {"audio", "audio.load", "Signal", "feature.mfcc_delta", "train.fit", "music.dtw"} do
    for line in help.text(name, 60):gmatch "[^\n]+" do
      lu.assertTrue(utf8.len(line) <= 60, line)
    end
  end
end

function TestHelp:test_options_are_a_table_from_their_description()
  local page = help.text("feature.mel", 80)
  lu.assertStrContains(page, "\n  given  options, see below\n")
  lu.assertStrMatches(page, ".*\n  n_mels +128 +whole number 1%.%.4096.*")
  lu.assertStrMatches(page, '.*\n  pad_mode +"constant" +"constant", "reflect" or.*')
  lu.assertStrMatches(help.text "feature.istft", ".*\n  hop_length +the Signal's, or +whole number.*")
  lu.assertStrContains(help.text "feature.melspectrogram", "\n  n_mels ")
  lu.assertEquals(help.text(require "moonlark.feature".mel), (help.text "feature.mel"))
  lu.assertStrMatches(help.text "Dataset:batches", ".*\n  segment +%C.*")
end

TestComplete = {}

local function candidates(text)
  local list, start = complete.candidates(text)
  return list, start
end

function TestComplete:test_globals_keywords_and_modules()
  lu.assertEquals(candidates "cor", {"coroutine", moonlark.module "corpus" and "corpus"})
  lu.assertEquals(candidates "x = funct", {"function"})
  lu.assertEquals({candidates "audio.lo"}, {{"load"}, 7})
end

function TestComplete:test_fields_and_methods()
  thing = {name = "x", open = print, inner = setmetatable({}, {__index = {method = print, size = 3}})}
  lu.assertEquals(candidates "thing.", {"inner", "name", "open"})
  lu.assertEquals(candidates "thing:", {"open"})
  lu.assertEquals(candidates "f(thing.inner:", {"method"})
  lu.assertEquals(candidates "thing.absent.", {})
  lu.assertEquals(candidates "call().", {})
  text = "abc"
  lu.assertEquals(candidates "text:upp", {"upper"})
  thing, text = nil, nil
end

function TestComplete:test_options_inside_a_table()
  lu.assertEquals({candidates "feature.mel(song, {n_"}, {{"n_fft", "n_mels"}, 20})
  lu.assertEquals(candidates "x = feature.delta(a(b), {width = f(2, {3}), or", {"order"})
  lu.assertEquals(candidates "feature.mel(song, {window = ", {})
  lu.assertEquals(candidates "feature.mel(song, {n_fft = pri", {"print"})
  lu.assertEquals(candidates "x = {n_f", {})
end

function TestComplete:test_networks()
  local nn = require "moonlark.nn"
  net = nn.Sequential(nn.ReLU())
  lu.assertEquals(candidates "net:unf", {"unfreeze"})
  lu.assertEquals(candidates "net:app", {"append"})
  net = nil
end

function TestComplete:test_files_inside_strings()
  lu.assertEquals({candidates 'audio.load "tests/core/test.'}, {{'test.h"'}, 24})
  lu.assertEquals(candidates "x = 'tes", {"tests/"})
  lu.assertEquals(candidates "x = 'nowhere/", {})
  lu.assertEquals(candidates [["it\"s" .. string.rev]], {"reverse"})
  lu.assertEquals(candidates "-- it's string.rev", {"reverse"})
end

function TestComplete:test_tensors_complete_without_loading_anything_first()
  local torch = require "moonlark.torch"
  grid = torch.zeros {2, 2}
  lu.assertItemsEquals(candidates "grid:conv2", {"conv2d"})
  lu.assertTableContains(candidates "grid:", "totable")
  grid = nil
end

TestObjects = {}

function TestObjects:test_a_model_is_explained_by_the_function_that_makes_it()
  model = require "moonlark.classify".knn() -- a global, as at the prompt
  lu.assertStrContains(help.text "model", "classify.knn(given)")
  local text, found = help.text "model:predict_proba"
  lu.assertTrue(found)
  lu.assertStrContains(text, "predict_proba is a method of:")
  lu.assertStrContains(text, "n_neighbors")
  lu.assertStrContains(help.text "model:fit", "Estimator:fit(x, y)")
  model = nil
end

function TestObjects:test_a_signal_has_the_help_of_tensors()
  song = require "moonlark.signal".new {data = require "moonlark.torch".zeros {1, 4}, rate = 1, kind = "waveform"}
  lu.assertStrContains(help.text "song:cumsum", "cumsum(Tensor self")
  lu.assertStrContains(help.text "song:slice", "Signal:slice(from, to)")
  local complete = require "moonlark.shell.complete"
  lu.assertTrue(#complete.candidates "song:cums" > 0)
  lu.assertEquals(complete.candidates "song.cums", {})
  song = nil
end

function TestObjects:test_a_function_of_moonlark_itself()
  lu.assertStrContains(help.text "moonlark.warn", "moonlark.warn(kind, text)")
  lu.assertStrContains(help.text "moonlark.audio.load", "audio.load(path, given)")
end

os.exit(lu.LuaUnit.run())
