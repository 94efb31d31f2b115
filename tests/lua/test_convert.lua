-- Models in the formats of other programs become ours, bit for bit: beside what those programs read in small files
-- (tests/reference/convert), and beside the real weights in ../shared/weights. Damaged files are refused in one line.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"

local reference = "tests/reference/convert/"

TestConvert = {}
lib.in_folder {TestConvert}

local function convert(name, from, to, entry) return require("moonlark.hub.convert." .. name)(from, to, entry) end

-- Every tensor of `wanted`, without the prefix of its name, and no other.
local function assert_same(found, wanted, prefix)
  local count = 0
  for name, tensor in pairs(wanted) do
    local own = name:sub(1, #prefix) == prefix and name:sub(#prefix + 1)
    if own then
      count = count + 1
      lu.assertNotNil(found[own], own)
      lu.assertTrue(torch.equal(found[own], tensor), own)
    end
  end
  return count
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

function TestConvert:test_a_checkpoint_of_tensorflow()
  convert("musicnn", reference .. "musicnn", self.folder, {network = "MSD_musicnn"})
  local found = torch.load(self.folder .. "/MSD_musicnn.safetensors")
  lu.assertEquals(assert_same(found, torch.load(reference .. "tensorflow.safetensors"), "musicnn."), 64)
  lu.assertEquals(count(found), 64)
  lu.assertEquals(json.decode(files.read(self.folder .. "/labels.json")),
    {MSD_musicnn = {"rock", "female vocalists", "60s", "Hip-Hop"}})
end

function TestConvert:test_the_baseline_of_musicnn()
  convert("musicnn", reference .. "musicnn", self.folder, {network = "MTT_vgg"})
  local found = torch.load(self.folder .. "/MTT_vgg.safetensors")
  lu.assertEquals(assert_same(found, torch.load(reference .. "tensorflow.safetensors"), "vgg."), 36)
  lu.assertEquals(count(found), 36)
  lu.assertEquals(json.decode(files.read(self.folder .. "/labels.json")), {MTT_vgg = {"guitar", "no vocals"}})
end

-- A folder with a model of TensorFlow Lite and the names of classes.
local function lite_folder(folder)
  lib.write(folder .. "/from/yamnet.tflite", files.read(reference .. "yamnet/yamnet.tflite"))
  lib.write(folder .. "/from/yamnet_class_map.csv", "index,mid,display_name\n")
  return folder .. "/from"
end

function TestConvert:test_a_model_of_tensorflow_lite()
  convert("yamnet", lite_folder(self.folder), self.folder)
  local found = torch.load(self.folder .. "/yamnet.safetensors")
  lu.assertEquals(assert_same(found, torch.load(reference .. "tensorflow.safetensors"), "yamnet."), 56)
  lu.assertEquals(count(found), 59)
  local weights = lib.weights "yamnet/yamnet.safetensors"
  local theirs = torch.load(weights) -- the tables of the front end are in that file
  for name, most in pairs {mel = 1e-12, window = 5e-7, log_offset = 0} do
    lu.assertTrue((found[name] - theirs[name]):abs():max():item() <= most, name)
  end
end

function TestConvert:test_a_model_of_ctranslate2()
  convert("whisper", reference .. "whisper", self.folder)
  local found = torch.load(self.folder .. "/model.safetensors")
  local wanted = torch.load(reference .. "whisper.safetensors")
  lu.assertEquals(assert_same(found, wanted, ""), count(wanted))
  lu.assertEquals(count(found), count(wanted))
  local config = json.decode(files.read(self.folder .. "/config.json"))
  lu.assertEquals({config.d_model, config.encoder_layers, config.encoder_attention_heads, config.vocab_size,
    config.num_mel_bins}, {8, 2, 2, 30, 5})
end

-- --- damaged files ------------------------------------------------------------------

-- Converts files of which one is damaged; whatever comes, it is a result or one line.
local function attempt(name, from, to, entry, what)
  local fine, why = pcall(convert, name, from, to, entry)
  if fine then return end
  lu.assertIsString(why, what)
  lu.assertNil(why:find "attempt to" or why:find "bad argument" or why:find "stack traceback", what .. ": " .. why)
end

-- Writes a file in a folder that is there, without waiting for the disk.
local function write(path, bytes)
  local file <close> = assert(io.open(path, "wb"))
  file:write(bytes)
end

-- Copies of a file: cut short, and with bytes that are others.
local function damaged(bytes, step)
  local copies, seed = {}, 1
  for length = 0, #bytes - 1, step do copies[#copies + 1] = bytes:sub(1, length) end
  for _ = 1, 60 do
    seed = (seed * 1103515245 + 12345) % 2 ^ 31
    local at = math.floor(seed) % #bytes + 1
    local byte = string.char(({0, 255, 127, 128})[math.floor(seed) // 256 % 4 + 1])
    copies[#copies + 1] = bytes:sub(1, at - 1) .. byte .. bytes:sub(at + 1)
  end
  return copies
end

function TestConvert:test_damaged_checkpoints()
  local prefix = reference .. "musicnn/MSD_musicnn/"
  local index, data = files.read(prefix .. ".index"), files.read(prefix .. ".data-00000-of-00001")
  lib.write(self.folder .. "/from/configuration.py", files.read(reference .. "musicnn/configuration.py"))
  lib.write(self.folder .. "/from/MSD_musicnn/.data-00000-of-00001", data)
  for i, bytes in ipairs(damaged(index, 211)) do
    write(self.folder .. "/from/MSD_musicnn/.index", bytes)
    attempt("musicnn", self.folder .. "/from", self.folder, {network = "MSD_musicnn"}, "copy " .. i)
  end
  lib.write(self.folder .. "/from/MSD_musicnn/.index", index)
  lib.write(self.folder .. "/from/MSD_musicnn/.data-00000-of-00001", data:sub(1, 100))
  lu.assertErrorMsgContains("is damaged: it leads to byte", convert, "musicnn", self.folder .. "/from", self.folder,
    {network = "MSD_musicnn"})
end

function TestConvert:test_damaged_models_of_tensorflow_lite()
  local from = lite_folder(self.folder)
  for i, bytes in ipairs(damaged(files.read(reference .. "yamnet/yamnet.tflite"), 1999)) do
    write(from .. "/yamnet.tflite", bytes)
    attempt("yamnet", from, self.folder, nil, "copy " .. i)
  end
  write(from .. "/yamnet.tflite", "12345678")
  lu.assertErrorMsgContains("is no model of TensorFlow Lite", convert, "yamnet", from, self.folder)
end

function TestConvert:test_damaged_models_of_ctranslate2()
  lib.write(self.folder .. "/from/tokenizer.json", "{}")
  for i, bytes in ipairs(damaged(files.read(reference .. "whisper/model.bin"), 797)) do
    write(self.folder .. "/from/model.bin", bytes)
    attempt("whisper", self.folder .. "/from", self.folder, nil, "copy " .. i)
  end
  lib.write(self.folder .. "/from/model.bin", "\7\0\0\0")
  lu.assertErrorMsgContains("its version is 7", convert, "whisper", self.folder .. "/from", self.folder)
end

lib.run()
