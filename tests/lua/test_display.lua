-- What can be shown of values beside their text: tables of HTML say what the text says.
package.path = "tests/lua/?.lua;" .. package.path
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local display = require "moonlark.base.display"
local html = require "moonlark.base.html"
local metrics = require "moonlark.metrics"
local regress = require "moonlark.regress"
local torch = require "moonlark.torch"

-- What a reader sees of HTML.
local function seen(page)
  return (page:gsub("<br>", "\n"):gsub("</t[hd]>", " "):gsub("<[^>]*>", ""):gsub("&lt;", "<"):gsub("&gt;", ">")
    :gsub("&quot;", '"'):gsub("&#39;", "'"):gsub("&nbsp;", " "):gsub("&amp;", "&"))
end

-- Each word of a value's text stands in its table.
local function check(value)
  local bundle = display.bundle(value)
  lu.assertEquals(bundle["text/plain"], tostring(value))
  local shown = seen(bundle["text/html"])
  for word in bundle["text/plain"]:gsub("%*", " "):gmatch "%S+" do lu.assertStrContains(shown, word) end
  return bundle["text/html"]
end

TestDisplay = {}

local function example()
  torch.manual_seed(3)
  local x = torch.randn {60, 3}
  local y = (x:select(1, 0) + torch.randn {60} * 0.5):gt(0):to "int64"
  return {x = x, y = y, classes = {"a <b>", "rock & roll"}, names = {"one", "two", "three"}}
end

function TestDisplay:test_reports_of_classes()
  local X = example()
  check(metrics.report(X.y, X.y, X.classes))
  check(classify.cross_validate(classify.knn(), X, {k = 3}))
  check(classify.importance(classify.knn(), X, {k = 3}))
  check(classify.learning_curve(classify.knn(), X, {k = 3, sizes = {0.5, 1}}))
end

function TestDisplay:test_reports_of_tags_and_values()
  local X = example()
  X.y = torch.stack({X.x:select(1, 0):gt(0), X.x:select(1, 1):gt(0.5)}, 1):to "float32"
  X.task = "tags"
  check(classify.cross_validate(classify.one_vs_rest(classify.logistic()), X, {k = 3}))
  check(classify.cross_validate(regress.ridge(), {x = X.x, y = X.x:select(1, 2) * 2, targets = {"tempo <b>"}}, {k = 3}))
end

function TestDisplay:test_choices_of_clusters() check(cluster.choose(example().x, {k = {2, 4}})) end

function TestDisplay:test_annotations()
  check(annotation.new {kind = "chord", {start = 0, stop = 1, label = "C:maj"}, {start = 1, stop = 2, label = "N"}})
  local beats = {kind = "beat", duration = 9}
  for i = 1, 20 do beats[i] = {start = i / 2, position = i % 4 + 1} end
  check(annotation.new(beats))
end

function TestDisplay:test_records_are_a_table()
  local list = {{name = "one & two", bpm = 120.5}, {name = "<b>", loud = true}}
  local page = display.bundle(list)["text/html"]
  lu.assertStrContains(page, '<td style="text-align: right">120.5</td>')
  lu.assertStrContains(page, '<td style="text-align: left">&lt;b&gt;</td>')
  for _, other in ipairs {{}, {1, 2}, {{1, 2}}, {{a = {}}}, {{a = 1}, 2}, {{}}, "text", 7, print} do
    lu.assertNil(display.bundle(other)["text/html"])
  end
  for i = 1, 500 do list[i] = {n = i} end
  lu.assertStrContains(display.bundle(list)["text/html"], "… 300 more")
end

function TestDisplay:test_nothing_becomes_markup()
  local page = html.table({"<x>"}, {{"<script>alert(1)</script>\27[31m"}})
  lu.assertNotStrContains(page, "<script")
  lu.assertNotStrContains(page, "\27")
  lu.assertNotStrContains(html.lines "<i>", "<i>")
end

function TestDisplay:test_without_a_place_it_is_printed()
  local ran = lib.moonlark(nil, nil, "-e", 'display({1, 2}) clear() plot.lines({{1, 2}}):show()')
  lu.assertEquals(ran.code, 0, ran.err)
  lu.assertEquals(ran.out:match "^[^\n]*", "{1, 2}")
end

lib.run()
