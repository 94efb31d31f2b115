--- Completes command lines: prints what makes a shell ask, and what it is answered.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local moonlark = require "moonlark"

local parser = command.parser("complete", "Completes command lines in bash, zsh and fish: subcommands, options, what "
  .. "each may be, names of features, models and files.")
parser:epilog [[
  source <(moonlark complete bash)                         for this bash; an installed Moonlark needs no such line
  source <(moonlark complete zsh)                          for this zsh, after compinit
  moonlark complete fish | source                          for this fish
  moonlark complete words -- extract songs --features m    what may stand in place of the last word

words prints a line for each: the word, a tab, what it is. The last line tells which files the shell adds: ":none",
":file" and endings, or ":folder".]]
parser:argument("what", "A shell, whose script is printed; or words."):choices {"bash", "zsh", "fish", "words"}
parser:argument("words", "With words: what stands after the program's name, behind --; the last is at the cursor.")
  :args "*"
local args = parser:parse()

local scripts = {bash = "moonlark.bash", zsh = "_moonlark", fish = "moonlark.fish"}

-- What the library says of an option may have several lines and tabs.
local function line_of(word, says)
  return says and ("%s\t%s"):format(word, (says:gsub("%s+", " "))) or word
end

if scripts[args.what] then
  if #args.words > 0 then parser:error(("%s takes no words, got '%s'"):format(args.what, args.words[1])) end
  io.write(files.read(files.join(moonlark.home, "scripts/completion", scripts[args.what])))
else
  local offers = require "moonlark.shell.usage.line".offers(args.words)
  for _, offer in ipairs(offers) do print(line_of(offer.word, offer.says)) end
  print(table.concat({":" .. offers.files, table.unpack(offers.endings or {})}, " "))
end
