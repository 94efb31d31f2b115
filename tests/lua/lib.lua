--- What the Lua tests share: sounds made by hand, folders that go when the test ends, the program under test.
---
--- A test file ends with lib.run(), which runs its Test… tables.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lu = require "luaunit"

local lib = {}

-- --- models from elsewhere -------------------------------------------------------------

--- A folder as a hub gives it, of a tiny Whisper classifier with random weights; windows of a second.
---@param folder string
---@param classes string[]?  default: three
---@return string folder
function lib.tiny_whisper(folder, classes)
  local json, torch = require "moonlark.base.json", require "moonlark.torch"
  classes = classes or {"blues", "jazz", "rock"}
  torch.manual_seed(1)
  local net = require("models.whisper") {n_mels = 80, width = 16, layers = 2, heads = 2, inner = 32, frames = 50,
    classes = #classes, projection = 8}
  local labels = {}
  for i, name in ipairs(classes) do labels[tostring(i - 1)] = name end
  files.mkdirs(folder)
  torch.save(folder .. "/model.safetensors", net:state_dict())
  files.write(folder .. "/config.json", json.encode {model_type = "whisper", d_model = 16, encoder_layers = 2,
    encoder_attention_heads = 2, encoder_ffn_dim = 32, num_mel_bins = 80, max_source_positions = 50,
    architectures = {"WhisperForAudioClassification"}, id2label = labels})
  return folder
end

--- What each attention of a network looks at in a run, first layer first: tensors [n, heads, t, t].
---@param net moonlark.nn.Module
---@param ... any  what the network is given
---@return moonlark.Tensor[]
function lib.attention_maps(net, ...)
  local SelfAttention, maps = require "moonlark.nn.self_attention", {}
  local function watcher(one, x, mask) maps[#maps + 1] = one:weights(x, mask) end
  local watched = {}
  for _, module in net:named_modules() do
    if module.weights == SelfAttention.weights then
      module.watcher = watcher
      watched[#watched + 1] = module
    end
  end
  net(...)
  for _, module in ipairs(watched) do module.watcher = nil end
  return maps
end

--- The sound that tests/reference/pretrained/tiny.py makes for front ends: tones, and noise that comes and goes.
---@param seconds number
---@param rate integer?  default 16000
---@return moonlark.Signal
function lib.clip(seconds, rate)
  local torch = require "moonlark.torch"
  rate = rate or 16000
  local i = torch.arange(math.floor(seconds * rate), {dtype = "float64"})
  local t = i / rate
  local noise = ((i * 12.9898):sin() * 43758.5453):remainder(1.0) - 0.5
  local x = ((t * 90 + 200) * t * (2 * math.pi)):sin() * 0.3 + (t * (2 * math.pi * 1234.5)):sin() * 0.2
  local there = (t * (2 * math.pi * 1.3)):sin():gt(0):to "float64"
  return lib.waveform((x + noise * there * 0.2):to "float32", rate)
end

--- A network of models/ with random weights, saved by itself in a folder of its own, to be opened by its tensors.
---@param architecture string
---@param o table?  its options
---@param name string?  of the file, without ending
---@param rename (fun(name: string): string)?  to the names of the published file
---@return string path
function lib.random_weights(architecture, o, name, rename)
  local torch, state = require "moonlark.torch", {}
  torch.manual_seed(2)
  for key, tensor in pairs(require("models." .. architecture)(o or {}):state_dict()) do
    state[rename and rename(key) or key] = tensor
  end
  local path = ("%s/%s.safetensors"):format(lib.folder(), name or "model")
  torch.save(path, state)
  return path
end

--- What a reference gave for a model of ../shared/weights, by name.
---@param name string
---@return table<string, moonlark.Tensor>
function lib.vectors(name)
  return require "moonlark.torch".load(lib.weights("vectors/" .. name .. ".safetensors"))
end

--- White noise, always the same.
---@param seconds number
---@param rate integer
---@return moonlark.Signal
function lib.noise(seconds, rate)
  local torch = require "moonlark.torch"
  torch.manual_seed(1)
  return lib.waveform(torch.randn {math.floor(seconds * rate)} * 0.1, rate)
end

-- --- folders and files ------------------------------------------------------------

local folders = {}

--- A temporary folder that is removed when the file's tests have run.
---@return string
function lib.folder()
  folders[#folders + 1] = files.temporary_folder()
  return folders[#folders]
end

--- Gives each test of these tables a temporary folder of its own.
---@param cases table[]  Test… tables
---@param setup fun(folder: string)?  is told of it before each test; self.folder is it, too
function lib.in_folder(cases, setup)
  for _, case in ipairs(cases) do
    function case:setUp()
      self.folder = files.temporary_folder()
      if setup then setup(self.folder) end
    end
    function case:tearDown() files.remove(self.folder) end
  end
end

--- Writes a file, and the folders above it.
---@param path string
---@param bytes string?
---@return string path
function lib.write(path, bytes)
  files.mkdirs((files.split(path)))
  files.write(path, bytes or "")
  return path
end

--- Names that are all different: folder/1, folder/2 …
---@param folder string
---@return fun(): string
function lib.fresh(folder)
  local count = 0
  return function()
    count = count + 1
    return ("%s/%d"):format(folder, count)
  end
end

--- The path of what lies in ../shared/data; where that is absent the test is skipped, and says so.
---@param name string
---@return string
function lib.shared(name)
  local path = "../shared/data/" .. name
  if not files.exists(path) then lu.skip "../shared/data is not here" end
  return path
end

--- The path of what lies in ../shared/weights; where that is absent the test is skipped, and says so.
---@param name string
---@return string
function lib.weights(name)
  local path = "../shared/weights/" .. name
  if not files.exists(path) then lu.skip "../shared/weights is not here" end
  return path
end

--- The path of what lies in ../shared/music; where that is absent the test is skipped, and says so.
---@param name string
---@return string
function lib.music(name)
  local path = "../shared/music/" .. name
  if not files.exists(path) then lu.skip "../shared/music is not here" end
  return path
end

--- Runs the file's tests and ends the program.
---@param close boolean?  also close the Lua state, which frees what is left
---@param report fun()?  is called after the tests
function lib.run(close, report)
  local failures = lu.LuaUnit.run()
  if report then report() end
  for _, folder in ipairs(folders) do files.remove(folder) end
  os.exit(failures, close)
end

-- --- programs -----------------------------------------------------------------------

--- The program that runs the tests: its own path.
lib.program = require "lfs".symlinkattributes("/proc/self/exe", "target")

--- Runs the program in a folder, at most five minutes: what it printed (out, err, and all of it), and its exit code.
---@param folder string?
---@param settings string[]?  of its environment: "NAME=value"
---@param ... string  its arguments
---@return {out: string, err: string, all: string, code: integer}
function lib.moonlark(folder, settings, ...)
  local result = assert(core.process.run({lib.program, ...}, 300, folder, settings))
  result.all = result.out .. result.err
  return result
end

--- A Lua file with this text.
---@param text string
---@return string path
function lib.script(text)
  return lib.write(lib.folder() .. "/script.lua", text)
end

--- Runs a shell line: $0, $1 … are what follows it.
---@param line string
---@param ... string
---@return {out: string, err: string, code: integer}
function lib.shell(line, ...)
  return assert(core.process.run({"sh", "-c", line, ...}, 240))
end

--- A program for PATH that does something else than the one it stands for.
---@param folder string
---@param name string
---@param line string  what it does, in the shell's words
function lib.stand_in(folder, name, line)
  lib.write(folder .. "/" .. name, "#!/bin/sh\n" .. line .. "\n")
  core.process.run {"chmod", "+x", folder .. "/" .. name}
end

-- --- sound files --------------------------------------------------------------------

--- The bytes of a WAV file, made here so that our own writer does not vouch for our reader.
---@param data string  samples, channel beside channel
---@param rate integer?  default 22050
---@param channels integer?  default 1
---@param bits integer?  of a sample, default 16
---@param code integer?  1: integers (default), 3: floats
---@param claimed integer?  the length of the data that the header promises; default: its own
---@return string
function lib.wav(data, rate, channels, bits, code, claimed)
  rate, channels, bits = rate or 22050, channels or 1, bits or 16
  local frame = channels * bits // 8
  local format = ("<I2I2I4I4I2I2"):pack(code or 1, channels, rate, rate * frame, frame, bits)
  local body = "WAVEfmt " .. ("<s4"):pack(format) .. "data" .. ("<I4"):pack(claimed or #data) .. data
  return "RIFF" .. ("<I4"):pack(claimed and 0xffffffff or #body) .. body
end

--- Writes a WAV file of 16 bits, and the folders above it.
---@param path string
---@param count integer  of frames
---@param sample fun(i: integer): number  of frame i, from 0; all channels hold the same
---@param rate integer?  default 22050
---@param channels integer?  default 1
---@return string path
function lib.write_wav(path, count, sample, rate, channels)
  local frames = {}
  for i = 0, count - 1 do frames[i + 1] = ("<i2"):pack(math.floor(sample(i))):rep(channels or 1) end
  return lib.write(path, lib.wav(table.concat(frames), rate, channels))
end

--- Writes a tone of 22050 Hz.
---@param path string
---@param count integer  of samples
---@param hz number
---@return string path
function lib.write_tone(path, count, hz)
  return lib.write_wav(path, count, function(i) return 9000 * math.sin(2 * math.pi * hz * i / 22050) end)
end

--- Writes a tone with a beat: enough for features that differ from file to file.
---@param path string
---@param seconds number
---@param hz number
---@param rate integer?  default 22050
---@param channels integer?  default 1
---@return string path
function lib.write_beat(path, seconds, hz, rate, channels)
  rate = rate or 22050
  return lib.write_wav(path, math.floor(seconds * rate), function(i)
    return 12000 * math.sin(2 * math.pi * hz * i / rate) * (0.3 + 0.7 * math.sin(i / 3000) ^ 2)
  end, rate, channels)
end

--- Random numbers in 0..1 that no version of Lua changes.
---@param seed integer
---@return fun(): number
function lib.random(seed)
  return function()
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  end
end

-- --- Signals --------------------------------------------------------------------------

--- A waveform of channels × samples.
---@param data moonlark.Tensor
---@param rate integer?  default 22050
---@return moonlark.Signal
function lib.waveform(data, rate)
  return require "moonlark.signal".new {data = data, rate = rate or 22050, kind = "waveform"}
end

--- A sine of 22050 Hz.
---@param hz number
---@param n integer  of samples
---@return moonlark.Signal
function lib.tone(hz, n)
  local phase = require "moonlark.torch".arange(n, {dtype = "float64"}) * (2 * math.pi * hz / 22050)
  return lib.waveform(phase:sin():to "float32":reshape {1, n})
end

-- --- assertions -----------------------------------------------------------------------

--- The largest difference of two tensors, which must have one shape.
---@param a moonlark.Tensor
---@param b moonlark.Tensor
---@return number
function lib.distance(a, b)
  lu.assertEquals(a:shape(), b:shape())
  return a:numel() == 0 and 0 or (a:double() - b:double()):abs():max():item()
end

--- Two tensors of one shape differ by no more than this.
---@param a moonlark.Tensor
---@param b moonlark.Tensor
---@param tolerance number
function lib.close(a, b, tolerance) lu.assertTrue(lib.distance(a, b) <= tolerance) end

--- The call fails with these words, and without a position in the library.
---@param words string
---@param f function
---@param ... any  its arguments
function lib.fails(words, f, ...)
  lu.assertErrorMsgContains(words, f, ...)
  local _, message = pcall(f, ...)
  lu.assertNotStrContains(message, ".lua:")
end

return lib
