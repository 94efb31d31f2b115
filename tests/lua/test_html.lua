-- Reports as pages: what Markdown says is shown, nothing of it becomes markup, and pictures are inside.
local lib = require "lib"
local lu = require "luaunit"
local base64 = require "moonlark.base.base64"
local files = require "moonlark.base.files"
local html = require "moonlark.run.html"
local report = require "moonlark.run.report"
local run = require "moonlark.run"

local folder = lib.folder()

-- A picture of one pixel.
local png = "\137PNG\r\n\26\n" .. "\0\0\0\rIHDR\0\0\0\2\0\0\0\2\8\2\0\0\0" .. ("x"):rep(40)
files.write(folder .. "/one.png", png)

local function body(markdown)
  return html.page(markdown, folder):match "<body>\n(.*)\n</body>"
end

TestBase64 = {}

-- The examples of RFC 4648, section 10, and every byte.
function TestBase64:test_known_answers()
  for bytes, letters in pairs {[""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
    foobar = "Zm9vYmFy", ["\0\255\254"] = "AP/+"} do
    lu.assertEquals(base64.encode(bytes), letters)
    lu.assertEquals(base64.decode(letters), bytes)
  end
end

TestPage = {}

function TestPage:test_blocks()
  lu.assertEquals(body "# One\n\n## Two", "<h1>One</h1>\n<h2>Two</h2>")
  lu.assertEquals(body "first\nline\n\nnext", "<p>first\nline</p>\n<p>next</p>")
  lu.assertEquals(body "- a\n- **b**", "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>")
  lu.assertEquals(body "1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>")
  lu.assertEquals(body "```\nif a < b\n# no heading\n```", "<pre><code>if a &lt; b\n# no heading</code></pre>")
  lu.assertStrContains(body "| name | n |\n|---|---:|\n| a\\|b | 3 |",
    '<thead><tr><th>name</th><th class="n">n</th></tr>\n</thead>\n<tbody>\n<tr><td>a|b</td><td class="n">3</td></tr>')
end

function TestPage:test_within_a_line()
  lu.assertEquals(body "a *b* **c** `d < e` \\*f\\*",
    "<p>a <em>b</em> <strong>c</strong> <code>d &lt; e</code> *f*</p>")
  lu.assertEquals(body "[page](https://example.org/?a=1&b=2)",
    '<p><a href="https://example.org/?a=1&amp;b=2">page</a></p>')
  lu.assertEquals(body "5 * 3 * 2 and [x] and `open", "<p>5 * 3 * 2 and [x] and `open</p>")
end

function TestPage:test_nothing_becomes_markup()
  local words = "<script>alert(1)</script> \"quotes\" & 'more'"
  for _, markdown in ipairs {words, "# " .. words, "- " .. words, "**" .. words .. "**", "`" .. words .. "`",
    "| a |\n|---|\n| " .. words .. " |", "```\n" .. words .. "\n```", report.escape(words),
    "![" .. words .. "](one.png)", "![" .. words .. "](gone.png)", "[" .. words .. "](https://a/\"onclick=x)"} do
    local shown = html.page(markdown, folder)
    lu.assertNil(shown:find("<script", 1, true), markdown)
    lu.assertNil(shown:find('"onclick', 1, true), markdown)
    lu.assertStrContains(shown, "alert(1)")
  end
  for _, target in ipairs {"javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", " vbscript:x"} do
    lu.assertNil(body("[go](" .. target .. ")"):find "href", target)
  end
end

-- At their own size: 300 dots an inch are 96 pixels of the page.
function TestPage:test_pictures_have_their_size()
  local wide = png:gsub("\0\0\0\2\0\0\0\2", "\0\0\1\44\0\0\0\2")
  local dense = require "moonlark.base.png".with_resolution(wide, 300)
  files.write(folder .. "/dense.png", dense .. "IDAT")
  lu.assertStrContains(body "![x](dense.png)", ' width="96"')
end

function TestPage:test_pictures_are_inside()
  local shown = body "![A *picture*](one.png)"
  lu.assertStrContains(shown, 'src="data:image/png;base64,' .. base64.encode(png) .. '" alt="A picture" width="1"')
  lu.assertStrContains(shown, "<figcaption>A <em>picture</em></figcaption>")
end

-- Only pictures of the folder: a report cannot carry other files of the machine away.
function TestPage:test_other_files_stay_outside()
  files.mkdirs(folder .. "/inner")
  files.write(folder .. "/secret.txt", "secret")
  for _, target in ipairs {"../one.png", "inner/../../one.png", "/etc/passwd", "secret.txt", "gone.png", "inner",
    "%2e%2e/one.png"} do
    lu.assertStrContains(html.page("![caption](" .. target .. ")", folder .. "/inner"), "(no picture: caption)", target)
  end
end

TestRun = {}

function TestRun:test_every_run_has_both()
  local r <close> = run.open(folder .. "/run", {}, {})
  local page = report.new "A <b>title</b>":table({"name", "score"}, {{"a_b", 0.5}, {"c", 0.8125}})
  files.write(r:own "plots/one.png", png)
  r:report(page:figure("plots/one.png", "One"))
  local shown = files.read(folder .. "/run/report.html")
  lu.assertStrContains(shown, "<title>A &lt;b&gt;title&lt;/b&gt;</title>")
  lu.assertStrContains(shown, '<tr><td>a_b</td><td class="n">0.5000</td></tr>')
  lu.assertStrContains(shown, "data:image/png;base64,")
  lu.assertNil(shown:find("http", 1, true) and shown:find("src=\"http", 1, true))
end

function TestRun:test_a_column_has_one_number_of_decimals()
  local page = tostring(report.new():table({"a", "b"}, {{0.5, 3}, {0.8125, 10}, {0 / 0, 2.5e-7}}))
  lu.assertStrContains(page, "| 0.5000 | 3 |\n| 0.8125 | 10 |\n| – | 2.5e-07 |")
end

lib.run()
