--- Makes voices to train networks with: sung and spoken by programs and by a voice that is computed here, no music.
---
---     apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts \
---       festvox-italp16k festvox-itapc16k festvox-czech-dita festvox-czech-krb festvox-czech-machac festvox-czech-ph \
---       festvox-suopuhe-lj festvox-suopuhe-mv
---     moonlark scripts/train/voices/make.lua data/train --clips 160 --seed 1
---     moonlark scripts/train/voices/make.lua data/test --clips 40 --seed 2 --test
---
--- The folder has `sung` and `spoken`. With --test other voices are asked than without. The same seed and programs give
--- the same clips. A run that was stopped goes on where it was.
local audio = require "moonlark.audio"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local formants = require "scripts.train.voices.formants"
local lines = require "scripts.train.voices.lines"
local options = require "moonlark.base.options"
local programs = require "scripts.train.voices.programs"
local random = require "moonlark.corpus.random"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/voices/make.lua", "Makes voices to train networks with.")
parser:argument("folder", "Where to put sung/NAME.wav and spoken/NAME.wav.")
command.option(parser, "clips", options.integer(160, {least = 1}, "how many of each kind"))
command.option(parser, "seconds", options.number(20, {least = 5, unit = "s"}, "how long each is"))
parser:flag("--test", "Ask voices that are kept apart for tests.")
command.seed(parser)
local args = parser:parse()

local rate, work = 22050, files.temporary_folder()
local samples = math.floor(args.seconds * rate)

local function sung(dice)
  if dice:chance(0.5) then return programs.sing(dice, args.test or false, work, args.seconds) end
  return formants(lines.sung(dice, args.seconds, dice:uniform(48, 72)), dice)
end

local function spoken(dice)
  if dice:chance(0.85) then return programs.read(dice, args.test or false, work) end
  return formants(lines.spoken(dice, args.seconds, dice:uniform(85, 260)), dice)
end

local function make(kind, say, number)
  local path = files.join(args.folder, kind, ("clip%05d.wav"):format(number))
  if files.exists(path) then return end
  local dice = random.new("voices", kind, args.seed, number, args.test and "test" or "train")
  torch.manual_seed(args.seed * 100000 + number)
  local data = say(dice)
  local n = data:size(0)
  data = n < samples and data:constant_pad_nd({0, samples - n}, 0) or data:narrow(0, 0, samples)
  data = data * (0.7 / math.max(data:abs():max():item(), 1e-6))
  audio.save(path, signal.new {data = data:reshape({1, samples}):contiguous(), rate = rate, kind = "waveform"})
end

for _, kind in ipairs {"sung", "spoken"} do files.mkdirs(files.join(args.folder, kind)) end
for number = 1, args.clips do
  make("sung", sung, number)
  make("spoken", spoken, number)
  if number % 25 == 0 then io.stderr:write(("%d of %d clips\n"):format(number, args.clips)) end
end
files.remove(work)
