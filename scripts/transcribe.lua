--- Writes down what is said in songs, with times: as text, JSON or subtitles.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local pretrained = require "moonlark.pretrained"
local show = require "moonlark.base.show"
local sounds = require "moonlark.shell.sounds"
local system = require "moonlark_core".system
local transcript = require "moonlark.pretrained.transcript"

local parser = command.parser("transcribe", "Writes down what is said in songs, with times: as text, JSON or subtitles.")
parser:epilog [[
  moonlark transcribe models/whisper-tiny.en talk.mp3            a line for each segment, as it is heard
  moonlark transcribe models/whisper-small interview.wav --beam 5 --language de --srt > interview.srt
  moonlark transcribe models/whisper-small talks --vtt --out subtitles        a file for each song of a folder
  moonlark transcribe models/whisper-small rede.mp3 --task translate --txt    into English

Beside the model's weights lies its vocabulary: tokenizer.json, vocab.json, or OpenAI's .tiktoken file. Songs may have
any length. Files that cannot be read are named on standard error; then the exit code is 3, and 1 when none can be
read.]]
parser:argument("model", "A folder or file of a Whisper model, or org/name.")
parser:argument("songs", "Sound files, folders and lists of them."):args "+"
local asked = options.described "Pretrained:transcribe"
parser:mutex(
  parser:flag("--json", "Print texts, segments and their probabilities as JSON."),
  parser:flag("--srt", "Print SubRip subtitles."), parser:flag("--vtt", "Print WebVTT subtitles."),
  parser:flag("--txt", "Print the text alone."))
parser:option("--out -o", "Write a file for each song here, in place of printing."):argname "<folder>"
command.options(parser, asked, {"language", "task"})
command.option(parser, "beam", asked.by_name.beam_size)
command.options(parser, asked, {"best_of", "temperature", "prompt"})
parser:flag("--no-context", "Each window is heard without the text before it.")
parser:flag("--no-timestamps", "A segment for each window.")
command.reading(parser)
command.options(parser, options.described "pretrained.open", {"device", "precision"})
parser:flag("--offline", "Fetch nothing from a hub.")
local args = parser:parse()

local kind = args.json and "json" or args.srt and "srt" or args.vtt and "vtt" or args.txt and "txt" or nil
local live = not (kind or args.out) -- lines are printed as they are heard

local function plain(said)
  return {path = said.path, language = said.language, language_probability = said.language_probability,
    duration = said.duration, text = said.text, segments = json.array(said.segments)}
end

local written = {
  json = function(said) return json.encode(plain(said), "  ") .. "\n" end,
  srt = function(said) return said:srt() end,
  vtt = function(said) return said:vtt() end,
  txt = function(said) return said.text .. "\n" end,
}

local taken = {} -- names of files in --out

-- The file of a song in --out: talk.srt; where another song has that name, talk-2.srt.
local function file_of(path)
  local ending, stem = kind or "txt", files.stem(path)
  local name, count = stem, 1
  while taken[name] do
    count = count + 1
    name = ("%s-%d"):format(stem, count)
  end
  taken[name] = true
  return files.join(args.out, name .. "." .. ending)
end

local function print_line(segment)
  print(transcript.line(segment))
  io.stdout:flush()
end

local model = pretrained.open(args.model, {device = args.device, precision = args.precision, offline = args.offline})
local list, rejected = sounds.of(args.songs, "transcribe")
if args.out then files.mkdirs(args.out) end

local given = {language = args.language, task = args.task, beam_size = args.beam, best_of = args.best_of,
  temperature = args.temperature, prompt = args.prompt, context = not args.no_context,
  timestamps = not args.no_timestamps, channel = args.channel, partial = args.partial,
  progress = not (live and system.terminal_columns(1)), each = live and print_line or nil}

local all = json.array {}

local function give(said)
  if args.out then return files.write(file_of(said.path), written[kind or "txt"](said)) end
  if kind == "json" then all[#all + 1] = plain(said) return end
  if kind then io.stdout:write(#list > 1 and show.name(said.path) .. "\n" or "", written[kind](said)) end
end

local done = 0
for _, path in ipairs(list) do
  if live and #list > 1 then print(show.name(path)) end
  local said, bad = model:transcribe({path}, given)
  if said[1] then
    give(said[1])
    done = done + 1
  else
    rejected[#rejected + 1] = bad[1]
  end
end
if kind == "json" and not args.out then
  local aside = json.array {}
  for i, bad in ipairs(rejected) do aside[i] = {path = bad.path, reason = bad.reason} end
  print(json.encode({transcripts = all, rejected = aside}, "  "))
end
command.name_files("rejected", rejected)
if #rejected > 0 then os.exit(done > 0 and 3 or 1, true) end
