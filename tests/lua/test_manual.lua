-- The manual: every public name is told, links lead somewhere, pages are HTML, and no folder of a person's is touched.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local example = require "moonlark.manual.example"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local manual = require "moonlark.manual"
local moonlark = require "moonlark"
local site = require "moonlark.manual.site"
local stage_of = require "moonlark.manual.stage"
local text = require "moonlark.base.text"

local made, faults, unknown = manual.pages(true)

-- The pages of HTML, as {name, bytes}, in order.
local function each_page()
  local names, i = {}, 0
  for _, name in ipairs(text.keys(made)) do if name:find "%.html$" then names[#names + 1] = name end end
  return function()
    i = i + 1
    return names[i], made[names[i]]
  end
end

local function ids_of(html)
  local ids, twice = {}, {}
  for id in html:gmatch ' id="([^"]*)"' do
    if ids[id] then twice[#twice + 1] = id end
    ids[id] = true
  end
  return ids, twice
end

TestPages = {}

function TestPages:test_every_function_of_a_module_has_its_place_and_words()
  local missing, operators = {}, {}
  for _, name in ipairs(require "moonlark.torch".operators()) do operators[name] = true end
  for _, module in ipairs(moonlark.modules) do
    for name, value in pairs(moonlark.module(module)) do
      local public = type(value) == "function" and type(name) == "string" and not name:find "^_"
      local page = made[module .. ".html"] or ""
      local section = page:match('<section id="' .. module .. "%." .. tostring(name) .. '" class="item">(.-)</section>')
      local told = section and section:find "<p>[^<]*%a"
      local operator = module == "torch" and operators[name]
      if public and not told and not operator then missing[#missing + 1] = module .. "." .. name end
    end
  end
  lu.assertEquals(text.sort(missing), {})
end

function TestPages:test_methods_and_options_are_told()
  local page = made["feature.html"]
  local mel = page:match '<section id="feature%.mel" class="item">(.-)</section>'
  lu.assertStrContains(mel, '<th scope="row"><code>n_mels</code></th><td data-label="default"><code>128</code></td>')
  lu.assertStrContains(mel, '<td data-label="unit">Hz</td>')
  lu.assertStrContains(made["dataset.html"], '<section id="Dataset:batches" class="item">')
  lu.assertStrContains(made["signal.html"], '<section id="Signal:slice" class="item">')
  lu.assertStrContains(made["nn.html"], "Takes, in this order or by name")
end

function TestPages:test_links_lead_somewhere()
  local dead, ids = {}, {}
  for name, html in each_page() do ids[name] = ids_of(html) end
  for name, html in each_page() do
    for address in html:gmatch ' href="([^"]*)"' do
      local file, anchor = address:match "^([^#]*)#?(.*)$"
      if file == "" then file = name end
      local there = made[file] and (anchor == "" or ids[file] and ids[file][anchor])
      if not there and not address:find "^https?://" then dead[#dead + 1] = name .. " -> " .. address end
    end
    for address in html:gmatch ' src="([^"]*)"' do
      if not made[address] then dead[#dead + 1] = name .. " -> " .. address end
    end
  end
  lu.assertEquals(dead, {})
end

function TestPages:test_names_in_pages_are_unique()
  for name, html in each_page() do
    local _, twice = ids_of(html)
    lu.assertEquals(twice, {}, name)
  end
end

function TestPages:test_headings_descend_by_one()
  for name, html in each_page() do
    local before, count = 0, 0
    for level in html:gmatch "<h(%d)>" do
      level = tonumber(level)
      lu.assertTrue(level <= before + 1, ("%s: h%d after h%d"):format(name, level, before))
      before, count = level, count + (level == 1 and 1 or 0)
    end
    lu.assertEquals(count, 1, name)
  end
end

function TestPages:test_pictures_have_words()
  for name, html in each_page() do
    for image in html:gmatch "<img[^>]*>" do lu.assertTrue(image:find ' alt="[^"]+"' ~= nil, name) end
  end
end

function TestPages:test_pages_need_no_script_and_load_nothing_from_elsewhere()
  for name, html in each_page() do
    lu.assertNil(html:find "<link[^>]*http", name)
    lu.assertNil(html:find "<script[^>]*http", name)
    lu.assertTrue(html:find('<a class="skip" href="#content">', 1, true) ~= nil, name)
  end
end

function TestPages:test_each_command_has_a_page_that_says_its_options()
  for _, entry in ipairs(require "moonlark.shell.command".list()) do
    lu.assertStrContains(made["commands.html"], ('href="command_%s.html"'):format(entry.name))
    lu.assertNotNil(made["command_" .. entry.name .. ".html"], entry.name)
  end
  lu.assertStrContains(made["command_extract.html"], "<code>--features &lt;a,b&gt;</code>")
  lu.assertStrContains(made["command_train.html"], "<h2><code>res_cnn</code></h2>")
end

-- A name of ours that is not there is an error when the pages are made.
function TestPages:test_pages_for_people_from_elsewhere_name_what_is_there()
  lu.assertStrContains(made["from_librosa.html"], '<a href="feature.html#feature.mel"><code>feature.mel</code></a>')
  lu.assertStrContains(made["from_pytorch.html"], 'href="optim.html#optim.AdamW"')
  lu.assertStrContains(made["from_scikit_learn.html"], 'href="classify.html#classify.svm"')
end

function TestPages:test_a_function_in_c_is_shown()
  lu.assertStrContains(made["own_c.html"], "static int follow(lua_State *L)")
  lu.assertStrContains(made["own_c.html"], "envelope.follow(")
end

function TestPages:test_conventions_name_tests_that_are_there()
  for _, test in ipairs(require "moonlark.manual.conventions".tests()) do
    lu.assertTrue(files.exists("tests/" .. test .. ".lua") or files.exists("tests/" .. test .. ".c"), test)
  end
end

-- Void elements, which have no end.
local void = {meta = true, link = true, img = true, br = true, source = true, input = true}

function TestPages:test_elements_are_closed_in_order()
  for name, html in each_page() do
    local open = {}
    for slash, tag in html:gsub("<!DOCTYPE html>", ""):gsub("<script.-</script>", ""):gmatch "<(/?)(%w+)[^>]*>" do
      if slash == "/" then
        lu.assertEquals(tag, table.remove(open), name)
      elseif not void[tag] then
        open[#open + 1] = tag
      end
    end
    lu.assertEquals(open, {}, name)
  end
end

local parser = [[
import html5lib, sys
for path in sys.argv[1:]:
    try: html5lib.HTMLParser(strict=True).parse(open(path, encoding="utf-8").read())
    except Exception as e: print(path, repr(e))
]]

function TestPages:test_another_parser_has_nothing_to_say()
  local python = lib.shell("/usr/bin/python3 -c 'import html5lib'").code == 0 and "/usr/bin/python3"
  if not python then lu.skip "html5lib is not here" end
  local folder = lib.folder() .. "/manual"
  site.write(folder, made)
  files.write(folder .. ".py", parser)
  local said = lib.shell("/usr/bin/python3 \"$0\".py \"$0\"/*.html", folder)
  lu.assertEquals({said.out, said.code}, {"", 0})
end

TestExamples = {}

function TestExamples:test_all_run_and_keep_their_promises() lu.assertEquals(faults, {}) end

-- What an example takes for granted stands in lua/moonlark/manual/props/.
function TestExamples:test_names_in_them_are_known()
  lu.assertTrue(#unknown <= 5, "examples whose names nothing stands for: " .. table.concat(unknown, ", "))
end

function TestExamples:test_results_and_pictures_stand_below()
  local page = made["feature.html"]
  local mel = page:match '<section id="feature%.mel" class="item">(.-)</section>'
  lu.assertStrContains(mel, "<samp>mel  mel  64 × 1292  43.07 Hz  30.000 s</samp>")
  lu.assertStrMatches(mel, '.*<img src="pictures/%d+%.png" alt="feature%.mel: .*')
  lu.assertTrue(made["metrics.html"]:find("<samp>2.5</samp>", 1, true) ~= nil)
end

-- What is wrong with an example; the stage is opened for it.
local function fault_of(code)
  local stage <close> = stage_of {}
  return example.fault(code, stage:run(code, "nothing"))
end

function TestExamples:test_the_gallery_has_each_picture_with_its_code()
  local page = made["gallery.html"]
  lu.assertStrMatches(page, '.*<h3><a href="feature.html#feature.mel">feature.mel</a></h3>.*')
  local _, pictures = page:gsub("<img", "")
  lu.assertTrue(pictures >= 20, pictures)
end

function TestExamples:test_a_stale_example_is_found()
  lu.assertStrContains(fault_of "print(plot.nothing())", "attempt to call a nil value")
  lu.assertEquals(fault_of "print(1 + 1) --> 3", "line 1 promises '3', and printed '2'")
  lu.assertEquals(fault_of "local x = 2\nprint(x, 5) --> 2", "line 2 promises '2', and printed '2\t5'")
  lu.assertEquals(fault_of "local x = 2 --> 2", "line 1 promises '2', and printed 'nothing'")
end

function TestExamples:test_promises_that_are_kept()
  lu.assertNil(fault_of "print(1 / 3) --> 0.333")
  lu.assertNil(fault_of "print(1 / 3) --> 0.3…")
  lu.assertNil(fault_of "print('a', 'b', 'c') --> a  b  …")
  lu.assertNil(fault_of "math.max(1, 2) --> 2")
  lu.assertNil(fault_of "for i = 1, 2 do print(i) end --> 1 2")
end

function TestExamples:test_they_leave_nothing_behind()
  local before, folder, modes = lfs.currentdir(), nil, {io.stderr, require "moonlark.base.display".place}
  do
    local stage <close> = stage_of {}
    folder = stage.folder
    stage:run("audio.save('a.wav', song:slice(0, 1))", "nothing")
    lu.assertEquals(files.kind(folder .. "/a.wav"), "file")
  end
  lu.assertNil(files.kind(folder))
  lu.assertEquals(lfs.currentdir(), before)
  lu.assertEquals({io.stderr, require "moonlark.base.display".place}, modes)
end

TestSite = {}

local function names_in(folder)
  local names = {}
  for name in lfs.dir(folder) do if name ~= "." and name ~= ".." then names[#names + 1] = name end end
  return text.sort(names)
end

function TestSite:test_a_manual_takes_the_place_of_an_earlier_one()
  local above = lib.folder()
  local folder = above .. "/manual"
  site.write(folder .. "/", {["index.html"] = "one", ["old.html"] = "old", ["pictures/a.png"] = "picture"})
  site.write(folder, {["index.html"] = "two"})
  lu.assertEquals(names_in(folder), {"index.html", "manual.json"})
  lu.assertEquals(files.read(folder .. "/index.html"), "two")
  lu.assertEquals(names_in(above), {"manual"})
end

function TestSite:test_an_empty_folder_is_filled()
  local folder = lib.folder() .. "/manual"
  files.mkdirs(folder)
  site.write(folder, {["index.html"] = "one"})
  lu.assertEquals(names_in(folder), {"index.html", "manual.json"})
end

function TestSite:test_nothing_of_a_person_is_lost()
  local above = lib.folder()
  local folder = above .. "/manual"
  files.mkdirs(folder)
  files.write(folder .. "/.thoughts", "mine")
  lu.assertErrorMsgContains("is not empty, and no manual", site.check, folder)
  os.remove(folder .. "/.thoughts")
  site.write(folder, {["index.html"] = "one"})
  files.mkdirs(folder .. "/notes")
  files.write(folder .. "/notes/a.txt", "mine")
  lu.assertErrorMsgContains("holds notes/a.txt, which is no part of the manual", site.write, folder, {["b.html"] = "two"})
  lu.assertEquals(files.read(folder .. "/index.html"), "one")
  lu.assertEquals(files.read(folder .. "/notes/a.txt"), "mine")
  lu.assertEquals(names_in(above), {"manual"})
end

function TestSite:test_places_that_are_no_folders()
  local above = lib.folder()
  files.write(above .. "/file", "mine")
  lfs.link(above, above .. "/link", true)
  lu.assertErrorMsgContains("is no folder", site.check, above .. "/file")
  lu.assertErrorMsgContains("is no folder", site.check, above .. "/link")
  lu.assertErrorMsgContains("a name of its own", site.check, ".")
  lu.assertErrorMsgContains("a name of its own", site.check, above .. "/..")
  lu.assertErrorMsgContains("a name of its own", site.check, "/")
end

lib.run()
