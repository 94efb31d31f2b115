-- The pages of man: what formatters say of them, and whether they hold what the commands take.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local man = require "moonlark.shell.usage.man"
local usage = require "moonlark.shell.usage"

local function available(program) return lib.shell("command -v " .. program).code == 0 end

local function page(name) return files.read(("scripts/man/%s.1"):format(name)) end

-- A page as a terminal shows it, without bold and underlined.
local function shown(name)
  local made = assert(core.process.run({"sh", "-c", "MANWIDTH=80 MAN_KEEP_FORMATTING= man -l \"$0\" | col -bx",
    ("scripts/man/%s.1"):format(name)}, 60))
  return made.out
end

TestMan = {}

function TestMan:test_mandoc_has_nothing_to_say()
  if not available "mandoc" then lu.skip "mandoc is not here" end
  local said = lib.shell "mandoc -T lint -W warning scripts/man/*.1"
  lu.assertEquals({said.out, said.err, said.code}, {"", "", 0})
end

function TestMan:test_groff_has_nothing_to_say()
  if not available "groff" then lu.skip "groff is not here" end
  for line in lib.shell("ls scripts/man/*.1").out:gmatch "[^\n]+" do
    local said = lib.shell("groff -man -ww -Kutf8 -Tutf8 \"$0\" 2>&1 >/dev/null", line)
    lu.assertEquals({said.out, said.code}, {"", 0}, line)
  end
end

function TestMan:test_a_page_as_it_is_shown()
  if not available "man" then lu.skip "man is not here" end
  local text = shown "moonlark-extract"
  for _, words in ipairs {"moonlark extract [options] --features a,b --out folder data", "--channel mix|left|right|n",
    "--workers n\n              Threads; 0: one for each core. (default: 0)",
    "EXIT STATUS\n       0, 3 when some files were set aside, 1 when none is left, 2 for wrong\n       usage."} do
    lu.assertStrContains(text, words)
  end
  lu.assertStrContains(shown "moonlark-cache", "moonlark cache limit 50G\n              the most that it may hold")
end

function TestMan:test_every_option_stands_on_its_page()
  for _, command in ipairs(usage.all()) do
    local text = page("moonlark-" .. command.name):gsub("\\%-", "-"):gsub("\\f%u", "")
    for _, option in ipairs(command.options) do lu.assertStrContains(text, option.names[1]) end
    for _, variant in ipairs(command.variants or {}) do lu.assertStrContains(text, "\n.SS " .. variant.name) end
  end
end

function TestMan:test_the_program_s_page_knows_its_environment()
  local text = page "moonlark"
  local sources = lib.shell([[grep -rhoE 'getenv *\(? *"MOONLARK_[A-Z_]+"|place.of "?MOONLARK_[A-Z]+' core/shell core/lua lua]])
  local count = 0
  for name in sources.out:gmatch "MOONLARK_%u+[%u_]*" do
    local inner = name:find "^MOONLARK_HUB" -- of tests
    if not inner then
      count = count + 1
      lu.assertStrContains(text, "\\fB" .. name)
    end
  end
  lu.assertTrue(count >= 3)
end

-- What roff takes for its own is printed as it stands.
function TestMan:test_words_of_roff_are_harmless()
  local text = man.command {name = "sing", summary = "Sings.", description = ".TH is a macro\n'quoted' and \\fB",
    arguments = {}, options = {{names = {"--a-b"}, help = ".5 or more", many = false, least = 0, repeats = false}}}
  lu.assertStrContains(text, "\n\\&.TH is a macro\n\\&'quoted' and \\efB\n")
  lu.assertStrContains(text, "\n\\fB\\-\\-a\\-b\\fR\n\\&.5 or more\n")
end

lib.run()
