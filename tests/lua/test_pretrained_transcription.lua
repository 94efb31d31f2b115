-- Whisper's text: tokens, rules, beams, windows and segments beside openai-whisper; files and commands.
local lib = dofile "tests/lua/lib.lua"
local base64 = require "moonlark.base.base64"
local files = require "moonlark.base.files"
local frames = require "moonlark.pretrained.whisper.sound"
local hub = require "moonlark.hub"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local names = require "moonlark.pretrained.names"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local tokenizer = require "moonlark.pretrained.whisper.tokenizer"
local torch = require "moonlark.torch"
local transcript = require "moonlark.pretrained.transcript"
local whisper = require "moonlark.pretrained.family.whisper"
local writer = require "moonlark.pretrained.whisper.writer"

local place = "tests/reference/pretrained/transcription/"
local expected = json.read(place .. "expected.json")

-- The sound of the generator: tones that change every second.
local function sound(seconds)
  local n = torch.arange(seconds * 16000, {dtype = "float64"})
  local second = (n / 16000):floor()
  local pitch = (second * 5):remainder(11) * 170 + 200
  local loud = second:remainder(3):eq(0):double() * 0.2 + 0.1
  local data = loud * (pitch * n:remainder(16000) * (2 * math.pi / 16000)):sin()
  return signal.new {data = data:float(), rate = 16000, kind = "waveform"}
end

-- GPT-2's letters for bytes.
local function letters(bytes)
  local hidden, letter = 0, {}
  for byte = 0, 255 do
    local seen = byte >= 33 and byte <= 126 or byte >= 161 and byte <= 172 or byte >= 174
    letter[string.char(byte)] = utf8.char(seen and byte or 256 + hidden)
    hidden = hidden + (seen and 0 or 1)
  end
  return (bytes:gsub(".", letter))
end

-- The tokens of text by the names that Hugging Face's files give them, with the end of text behind them.
local function words()
  local ids = {["<|endoftext|>"] = 512}
  for line in io.lines(place .. "tiny.tiktoken") do
    local word, id = line:match "^(%S+) (%d+)$"
    ids[letters(base64.decode(word))] = math.tointeger(id)
  end
  return ids
end

-- The tiny model as Hugging Face lays it out.
local function hub_folder()
  local folder, state = lib.folder(), {}
  local read = torch.load(place .. "tiny.pt")
  for name, tensor in pairs(read.model_state_dict) do
    state["model." .. whisper.rename(name, {extra = {dims = read.dims}})] = tensor:clone()
  end
  torch.save(folder .. "/model.safetensors", state)
  files.write(folder .. "/config.json", json.encode {model_type = "whisper", vocab_size = 2120, num_mel_bins = 80,
    d_model = 16, encoder_layers = 2, encoder_attention_heads = 2, encoder_ffn_dim = 64, max_source_positions = 1500,
    decoder_layers = 2, decoder_attention_heads = 2, decoder_ffn_dim = 64, max_target_positions = 448,
    architectures = {"WhisperForConditionalGeneration"}})
  files.write(folder .. "/generation_config.json", json.encode {is_multilingual = true})
  files.write(folder .. "/vocab.json", json.encode(words()))
  return folder
end

local folder = hub_folder()
local model, english = pretrained.open(folder), pretrained.open(place .. "tiny.pt")

-- What the generator's options are called here.
local function told(given)
  return {temperature = 0, compression_threshold = false, logprob_threshold = given.logprob_threshold or false,
    no_speech_threshold = given.no_speech_threshold or false, beam_size = given.beam_size, patience = given.patience,
    length_penalty = given.length_penalty, language = given.language, task = given.task,
    timestamps = not given.without_timestamps, prompt = given.initial_prompt,
    context = given.condition_on_previous_text ~= false}
end

local function integers(list)
  local whole = {}
  for i, value in ipairs(list) do whole[i] = math.tointeger(value) end
  return whole
end

local function compare(said, wanted)
  lu.assertEquals(said.language, wanted.language)
  lu.assertEquals(said.text, wanted.text)
  lu.assertEquals(#said.segments, #wanted.segments)
  for i, one in ipairs(wanted.segments) do
    local got = said.segments[i]
    lu.assertEquals(got.tokens, integers(one.tokens))
    lu.assertAlmostEquals(got.start, one.start, 1e-6)
    lu.assertAlmostEquals(got["end"], one["end"], 1e-6)
    for _, key in ipairs {"avg_logprob", "no_speech_prob", "compression_ratio"} do
      lu.assertAlmostEquals(got[key], one[key], 1e-4)
    end
  end
end

TestReference = {}

function TestReference:test_logits()
  local ids = torch.tensor({{513, 514, 614, 619, 100, 200, 300, 700}}, {dtype = "int64"})
  local wanted = torch.load(place .. "logits.npy")
  for _, one in ipairs {model, english} do
    torch.no_grad(function()
      local decoder, states = one.net.decoder, one.net.encoder(one:features(sound(30)))
      lib.close(decoder:logits(decoder(ids, decoder:remember(states))):select(0, 0):narrow(0, 6, 2), wanted, 1e-4)
      local memory, x = decoder:remember(states), nil
      decoder(ids:narrow(1, 0, 5), memory)
      for i = 5, 7 do x = decoder(ids:narrow(1, i, 1), memory) end -- one by one, from what is kept
      lib.close(decoder:logits(x):flatten(), wanted[1], 1e-4)
    end)
  end
end

for name, case in pairs(expected.cases) do
  TestReference["test_" .. name] = function()
    local song = sound(70)
    local said = (name == "english" and english or model):transcribe(song, told(case.options))
    compare(said, case)
    if name ~= "greedy" then return end
    lu.assertAlmostEquals(said.language_probability, expected.languages[said.language], 1e-5)
  end
end

function TestReference:test_tokens()
  local tokens = tokenizer.of(model.found, 2120)
  for i, text in ipairs(expected.texts) do
    lu.assertEquals(tokens:encode(text), integers(expected.tokens[i]))
    lu.assertEquals(tokens:decode(tokens:encode(text)), text)
  end
  local forbidden = {}
  for _, id in ipairs(tokens:non_speech()) do forbidden[id] = true end
  for _, id in ipairs(integers(expected.non_speech)) do
    lu.assertTrue(forbidden[id])
    forbidden[id] = nil
  end
  lu.assertEquals(forbidden, {})
end

function TestReference:test_what_is_no_utf8_is_readable()
  local tokens = tokenizer.of(model.found, 2120)
  local euro = tokens:encode "€"
  lu.assertEquals(tokens:decode {euro[1]}, "\u{FFFD}")
  lu.assertEquals(tokens:decode {tokens:encode("a")[1], euro[1], tokens:encode("b")[1]}, "a\u{FFFD}b")
end

TestUse = {}

function TestUse:test_names_go_both_ways()
  local found = {extra = {dims = {}}, tensors = {}}
  for name in pairs(torch.load(place .. "tiny.pt").model_state_dict) do
    lu.assertEquals(whisper.unname(whisper.rename(name, found), found), name)
  end
  for name in pairs(torch.load(folder .. "/model.safetensors")) do
    lu.assertEquals(whisper.unname(whisper.rename(name, model.found), model.found), name)
  end
  lu.assertEquals(names.without("model.x", "model."), "x")
end

function TestUse:test_a_file_is_heard_as_a_signal_is()
  local path = lib.folder() .. "/song.wav"
  require "moonlark.audio".save(path, sound(33), {subtype = "float"})
  local given = {language = "en", temperature = 0, beam_size = 2}
  local from_file, from_signal = model:transcribe(path, given), model:transcribe(sound(33), given)
  lu.assertEquals(from_file.segments, from_signal.segments)
  lu.assertEquals(from_file.path, path)
  lu.assertEquals(from_file.duration, 33)
end

function TestUse:test_frames_of_a_long_file_are_those_of_the_whole()
  local path, song = lib.folder() .. "/song.wav", sound(125)
  require "moonlark.audio".save(path, song, {subtype = "float"})
  local from_file = frames.open({path = path}, model.front, {})
  local from_signal = frames.open({signal = song}, model.front, {})
  lu.assertEquals(from_file.frames, 12500)
  lu.assertEquals(from_file.peak, from_signal.peak)
  for _, from in ipairs {0, 2999, 3000, 5500, 8800, 11900} do
    lib.close(from_file:mel(from, 3000), from_signal:mel(from, 3000), 0)
  end
end

function TestUse:test_songs_that_cannot_be_read_are_set_aside()
  local bad = lib.write(lib.folder() .. "/bad.wav", "no sound")
  local said, rejected = model:transcribe({bad, sound(1)}, {language = "en", temperature = 0})
  lu.assertEquals(#said, 1)
  lu.assertEquals(rejected[1].path, bad)
  lib.fails("bad.wav", model.transcribe, model, bad)
end

function TestUse:test_temperatures_are_tried_in_turn()
  torch.manual_seed(3)
  local said = model:transcribe(sound(2), {language = "en", temperature = {0, 0.4}, logprob_threshold = -1e-3,
    no_speech_threshold = false, best_of = 3})
  for _, one in ipairs(said.segments) do lu.assertEquals(one.temperature, 0.4) end
end

function TestUse:test_half_precision()
  local half = pretrained.open(folder, {precision = "bfloat16"})
  lu.assertEquals(half:transcribe(sound(2), {language = "en", temperature = 0}).language, "en")
end

function TestUse:test_bad_requests()
  lib.fails("language must be one that the model knows", model.transcribe, model, sound(1), {language = "klingon"})
  lib.fails("writes English only", english.transcribe, english, sound(1), {language = "de"})
  local deaf = pretrained.open(lib.tiny_whisper(lib.folder()))
  lib.fails("writes no text", deaf.transcribe, deaf, sound(1))
  local bare = lib.folder()
  lib.shell('cp "$0" "$1"', place .. "tiny.pt", bare)
  local mute = pretrained.open(bare)
  lib.fails("needs the vocabulary beside the weights", mute.transcribe, mute, sound(1))
  files.write(bare .. "/x.tiktoken", "IQ== 0\nIg== 1\n")
  lib.fails("vocabulary of another model", mute.transcribe, mute, sound(1))
  files.write(bare .. "/x.tiktoken", "IQ== zero\n")
  lib.fails("no token and rank", mute.transcribe, mute, sound(1))
  files.write(bare .. "/tokenizer.json", '{"model": {"type": "Unigram", "vocab": []}}')
  lib.fails("its tokenizer is a 'Unigram'", mute.transcribe, mute, sound(1))
  files.write(bare .. "/tokenizer.json", '{"model": {"vocab": {"a": -1}}}')
  lib.fails("is no id", mute.transcribe, mute, sound(1))
end

function TestUse:test_subtitles()
  local said = transcript.new {text = "a b", segments = {{start = 0, ["end"] = 1.5, text = "a --> <b>"},
    {start = 3661.004, ["end"] = 3662, text = "b"}}}
  lu.assertEquals(said:srt(), "1\n00:00:00,000 --> 00:00:01,500\na -> <b>\n\n2\n01:01:01,004 --> 01:01:02,000\nb\n")
  lu.assertEquals(said:vtt(), "WEBVTT\n\n00:00.000 --> 00:01.500\na -> &lt;b>\n\n01:01:01.004 --> 01:01:02.000\nb\n")
  lu.assertEquals(tostring(said), "a b")
end

function TestUse:test_the_command()
  local here = lib.folder()
  require "moonlark.audio".save(here .. "/one.wav", sound(3))
  lib.write(here .. "/bad.wav", "no sound")
  local result = lib.moonlark(here, {}, "transcribe", folder, "one.wav", "bad.wav", "--language", "en", "--beam", "2",
    "--temperature", "0", "--json")
  lu.assertEquals(result.code, 3)
  lu.assertStrContains(result.err, "rejected bad.wav")
  local printed = json.decode(result.out)
  lu.assertEquals(printed.transcripts[1].path, "one.wav")
  lu.assertEquals(printed.rejected[1].path, "bad.wav")
  result = lib.moonlark(here, {}, "transcribe", folder, "one.wav", "--language", "en", "--srt", "--out", "out")
  lu.assertEquals((result.all:gsub("[^\n]*%d/%d[^\n]*\n", "")), "") -- but for how far it is, on a slow machine
  lu.assertTrue(files.exists(here .. "/out/one.srt"))
  result = lib.moonlark(here, {}, "transcribe", folder, "one.wav", "--language", "xx")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.err, "--language must be one that the model knows")
end

-- Real weights: a folder that MOONLARK_WHISPER_TINY_EN names, or that `moonlark models get whisper-tiny.en` made.
TestTinyEn = {}

local function tiny_en()
  local path = os.getenv "MOONLARK_WHISPER_TINY_EN"
  if not path or path == "" then path = hub.known "whisper-tiny.en" end
  if not path then lu.skip "whisper-tiny.en is not here" end
  return pretrained.open(path)
end

function TestTinyEn:test_the_reference_tokens()
  local vectors, opened = torch.load(lib.weights "vectors/whisper_tiny_en.safetensors"), tiny_en()
  local said = torch.no_grad(function()
    local states = opened.net.encoder(vectors.mel:unsqueeze(0))
    lib.close(states:select(0, 0):narrow(0, 0, 100), vectors.encoder_first100, 1e-4)
    return writer.of(opened):write(states, {timestamps = false, suppress = true, temperature = 0})[1]
  end)
  lu.assertEquals(said.tokens, integers(vectors.tokens:totable()))
  lu.assertAlmostEquals(said.avg_logprob, -0.2402, 1e-4)
end

local said_by_people = {
  ["198-209-0000.ogg"] = "Will there be any harm in my calling on Miss",
  ["3436-172162-0000.ogg"] = "It befell in the month of May",
  ["5703-47212-0000.ogg"] = "With her white paint and her scarlet smoke stack",
}

function TestTinyEn:test_people_who_read()
  local model <const> = tiny_en()
  for name, words_of in pairs(said_by_people) do
    lu.assertStrContains(model:transcribe(lib.shared("music/" .. name), {temperature = 0}).text, words_of)
  end
end

lib.run()
