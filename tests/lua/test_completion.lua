-- Tab in bash, zsh and fish: what the program answers, and the shells themselves.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local core = require "moonlark_core"
local line = require "moonlark.shell.usage.line"
local files = require "moonlark.base.files"

local home = require "moonlark".home

-- The words offered, in a line; the last of them is typed as far as it stands there.
local function offered(...)
  local words, offers = {}, line.offers {...}
  for i, offer in ipairs(offers) do words[i] = offer.word end
  return table.concat(words, " ")
end

-- What files the shell is to add.
local function kind_of(...) return line.offers {...}.files end

TestLine = {}

function TestLine:test_commands_and_options_of_the_program()
  lu.assertEquals(offered "ext", "extract")
  lu.assertEquals({kind_of "ext", line.offers {"ext"}.endings}, {"file", {"lua"}})
  lu.assertEquals(offered "--v", "--version")
  lu.assertEquals(offered("--warnings", "i"), "ignore")
  lu.assertEquals(offered("--warnings", "ignore", "spl"), "split")
  lu.assertEquals(offered("-e", "x = 1", "me"), "merge")
end

function TestLine:test_options_and_what_they_may_be()
  lu.assertEquals(offered("extract", "songs", "--form"), "--format")
  lu.assertEquals(offered("extract", "songs", "--format", "np"), "npz npy")
  lu.assertEquals(offered("extract", "songs", "--format=np"), "--format=npz --format=npy")
  lu.assertEquals(offered("plot", "a.wav", "--channel", ""), "mix left right")
  lu.assertEquals(offered("extract", "--features", "mel,mfcc,mfcc_"), "mel,mfcc,mfcc_delta mel,mfcc,mfcc_delta2")
  lu.assertEquals(offered("extract", "--features", "mel,me"), "", "what is there already")
  lu.assertEquals(offered("classify", "songs", "--models", "svm,log"), "svm,logistic")
  lu.assertEquals(offered("extract", "--format", "npz", "--form"), "", "one is enough")
  lu.assertEquals(offered("extract", "--set", "mel.fmin=1", "--se"), "--set", "may be given several times")
end

function TestLine:test_settings_of_features()
  lu.assertEquals(offered("extract", "--features", "mel,mfcc", "--set", "mel.n_"), "mel.n_fft= mel.n_mels=")
  lu.assertEquals(offered("extract", "--features", "mfcc", "--set", "mel.n_"), "")
  lu.assertEquals(offered("extract", "--set", "mel.htk="), "mel.htk=true mel.htk=false")
  lu.assertStrContains(offered("extract", "--set", "mel.norm="), "mel.norm=slaney")
end

function TestLine:test_files_by_their_kind()
  lu.assertEquals(kind_of("extract", "--out", ""), "folder")
  lu.assertEquals(kind_of("extract", ""), "file")
  lu.assertEquals(kind_of("plot", ""), "file")
  lu.assertTableContains(line.offers {"plot", ""}.endings, "flac")
  lu.assertEquals(kind_of("plot", "a.wav", "b.wav", ""), "file", "several songs")
  lu.assertEquals(kind_of("features", "a.wav", ""), "none", "one song")
  lu.assertEquals(kind_of("mine.lua", ""), "file")
  lu.assertEquals(kind_of("plot", "--title", ""), "none")
end

function TestLine:test_commands_that_run_other_scripts()
  lu.assertEquals(offered("train", "songs", "--model", "cnn"), "cnn cnn_mel")
  lu.assertEquals(offered("train", "songs", "--model", "crnn", "--option", ""), "channels= hidden= dropout=")
  lu.assertEquals(offered("train", "songs", "--model", "crnn", "--option", "hid"), "hidden=")
  lu.assertEquals(offered("experiment", "w"), "whisper_genres workflow")
  lu.assertEquals(offered("experiment", "unsupervised", "songs", "--comp"), "--components")
  lu.assertEquals(offered("experiment", "workflow", "songs", "--comp"), "")
end

function TestLine:test_models_by_name()
  lu.assertEquals(offered("models", "g"), "get")
  lu.assertEquals(offered("models", "get", "yam"), "yamnet")
end

function TestLine:test_odd_lines_have_an_answer()
  for _, words in ipairs {{}, {""}, {"-"}, {"--"}, {"-e"}, {"extract", "--"}, {"extract", "--", "--out"},
    {"extract", "--=", ""}, {"nothing", "--x="}, {"extract", "--set", "x.y="}, {"extract", "--features=,", ""},
    {"train", "--model", ""}} do
    lu.assertIsTable(line.offers(words))
  end
end

-- Every command's arguments are something that Tab knows.
function TestLine:test_arguments_have_a_kind()
  local free = {["cache limit"] = true, ["complete words"] = true} -- words that nobody can foresee
  for name, command in pairs(require "moonlark.shell.usage.commands") do
    for _, argument in ipairs(command.arguments) do
      local known = argument.kind or argument.offers or free[name .. " " .. argument.names[1]]
      lu.assertTrue(known ~= nil, ("%s %s: give it a kind in shell/usage/init.lua"):format(name, argument.names[1]))
    end
  end
end

function TestLine:test_it_is_quick()
  local loaded = lib.moonlark(nil, nil, "-e", [[require "moonlark.shell.usage.line".offers {"train", "--mo"}
    for name in pairs(package.loaded) do if name:find "torch" or name == "moonlark_core" then print(name) end end]])
  lu.assertEquals(loaded.all, "", "neither engine nor libtorch is loaded")
end

-- the shells ---------------------------------------------------------------------------------------

TestShells = {}

-- A folder with songs, and with a folder whose name has a blank.
local function place()
  local folder = lib.folder()
  for _, name in ipairs {"one.wav", "two.MP3", "notes.txt", "a dir/inside.wav", "songs/x.flac"} do
    lib.write(folder .. "/" .. name)
  end
  return folder
end

local function need(shell)
  if lib.shell("command -v " .. shell).code ~= 0 then lu.skip(shell .. " is not here") end
end

local function settings(folder)
  return {"HOME=" .. folder, ("PATH=%s:%s"):format((files.split(lib.program)), os.getenv "PATH")}
end

local function words_of(out)
  local list = {}
  for word in out:gmatch "[^\n]+" do list[#list + 1] = word end
  table.sort(list)
  return list
end

-- What bash puts into COMPREPLY for a line, cut into words as bash cuts it.
local function bash(folder, ...)
  local text = [[
    cd "$1" && source "$2" && shift 2
    COMP_LINE=$1 COMP_POINT=${#1}; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _moonlark && printf '%s\n' "${COMPREPLY[@]}"]]
  local words = {lib.program, ...}
  local said, pieces = words[1], {words[1]}
  for i = 2, #words do
    said = said .. " " .. words[i]
    local rest = words[i]
    repeat -- at = signs, which are words of their own
      local piece = rest:match "^=" or rest:match "^[^=]*"
      pieces[#pieces + 1], rest = piece, rest:sub(#piece + 1)
    until rest == ""
    if words[i]:find "=$" then pieces[#pieces + 1] = "" end
  end
  local made = core.process.run({"bash", "-c", text, "bash", folder, home .. "/scripts/completion/moonlark.bash", said,
    table.unpack(pieces)}, 60)
  lu.assertEquals(made.err, "")
  return words_of(made.out)
end

function TestShells:test_bash()
  need "bash"
  local folder = place()
  lu.assertEquals(bash(folder, "ext"), {"extract"})
  lu.assertEquals(bash(folder, "plot", ""), {"a dir", "one.wav", "songs", "two.MP3"})
  lu.assertEquals(bash(folder, "extract", "--out", ""), {"a dir", "songs"})
  lu.assertEquals(bash(folder, "extract", "--out=so"), {"songs"})
  lu.assertEquals(bash(folder, "extract", "--set", "mel.n_m"), {"mel.n_mels="})
  lu.assertEquals(bash(folder, "extract", "--set", "mel.htk="), {"false", "true"})
  lu.assertEquals(bash(folder, "extract", "--set", "mel.htk=t"), {"true"})
  lu.assertEquals(bash(folder, "extract", "--features", "mel,chroma_c"), {"mel,chroma_cens", "mel,chroma_cqt"})
  lu.assertEquals(bash(folder, "extract", "--workers", ""), {})
end

function TestShells:test_fish()
  need "fish"
  local folder = place()
  local function fish(said)
    local text = "source $argv[1]; complete -C $argv[2] | string replace -r '\\t.*' ''"
    local made = core.process.run({"fish", "--no-config", "-c", text, home .. "/scripts/completion/moonlark.fish",
      "moonlark " .. said}, 60, folder, settings(folder))
    lu.assertEquals(made.err, "")
    return words_of(made.out)
  end
  lu.assertEquals(fish "ext", {"extract"})
  lu.assertEquals(fish "plot ", {"a dir/", "one.wav", "songs/", "two.MP3"})
  lu.assertEquals(fish "extract --out=so", {"--out=songs/"})
  lu.assertEquals(fish "extract --set mel.n_m", {"mel.n_mels="})
  lu.assertEquals(fish "extract --features mel,chroma_c", {"mel,chroma_cens", "mel,chroma_cqt"})
end

-- A zsh in a terminal of its own: Tab is pressed, then what stands in the line is made the words of a print.
local zsh_text = [[
  zmodload zsh/zpty
  zpty shell env TERM=dumb zsh -f -i
  zpty -w shell "PS1= RPS1=; cd $1; autoload -U compinit; compinit -u -D; source $2; print read''y"
  zpty -r -m shell shown '*ready*' || exit 1
  zpty -n -w shell "$3"$'\t\001'"print -r -- OUT''PUT "$'\n'
  zpty -r -m shell shown $'*OUTPUT *\n' && print -r -- ${${shown##*OUTPUT }%%$'\r'*}
  zpty -d shell]]

function TestShells:test_zsh()
  need "zsh"
  local folder = place()
  local function zsh(said)
    local made = core.process.run({"zsh", "-f", "-c", zsh_text, "zsh", folder, home .. "/scripts/completion/_moonlark",
      "moonlark " .. said}, 60, nil, settings(folder))
    return made and made.out
  end
  lu.assertEquals(zsh "ext", "moonlark extract\n")
  lu.assertEquals(zsh "plot on", "moonlark plot one.wav\n")
  lu.assertEquals(zsh "extract --out=so", "moonlark extract --out=songs\n", "zsh takes the slash away again")
  lu.assertEquals(zsh "extract --set mel.n_m", "moonlark extract --set mel.n_mels=\n")
  lu.assertEquals(zsh "extract --features mel,chroma_cen", "moonlark extract --features mel,chroma_cens\n")
end

function TestShells:test_scripts_are_printed()
  for shell, file in pairs {bash = "moonlark.bash", zsh = "_moonlark", fish = "moonlark.fish"} do
    lu.assertEquals(lib.moonlark(nil, nil, "complete", shell).all, files.read("scripts/completion/" .. file))
  end
end

lib.run()
