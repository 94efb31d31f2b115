--- What the parts of the long measurement share: small songs, moonlark run in a folder, and what it may not say.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local random = require "random"
local torch = require "moonlark.torch"

local programs = {}

programs.moonlark = lib.program

--- Writes a tone as 16-bit WAV.
---@param path string
---@param hz number
---@param seconds number
function programs.write_wav(path, hz, seconds)
  local dice = random.new(path:match "[^/]*$")
  lib.write_wav(path, math.floor(seconds * 22050), function(i)
    return math.floor(9000 * math.sin(2 * math.pi * hz * (i + 1) / 22050)) + dice:below(200)
  end)
end

--- Two classes of n songs each under FOLDER/songs.
---@param folder string
---@param n integer
function programs.write_songs(folder, n)
  for class, label in ipairs {"high", "low"} do
    for i = 1, n do
      programs.write_wav(("%s/songs/%s/%d.wav"):format(folder, label, i), 1000 / class + 20 * i, 1 + i / 20)
    end
  end
end

--- Runs a command line of moonlark, words apart, in a folder.
---@param folder string
---@param words string|string[]
---@param limit_s number?
---@param environment string[]?
---@return table result  as core.process.run has it
function programs.run(folder, words, limit_s, environment)
  local argv = {lib.program}
  if type(words) == "string" then
    for word in words:gmatch "%S+" do argv[#argv + 1] = word end
  else
    table.move(words, 1, #words, 2, argv)
  end
  local settings = {"MOONLARK_CACHE=" .. folder .. "/cache"}
  table.move(environment or {}, 1, #(environment or {}), 2, settings)
  return assert(core.process.run(argv, limit_s or 120, folder, settings))
end

local empty_words = {"%.lua:%d", "attempt to", "9223372036854775807", "nil value", "bad argument", "stack traceback",
  "Sanitizer", "runtime error"}

--- What is wrong with the way a command ended or spoke, or nil.
---@param result table
---@return string?
function programs.fault(result)
  if result.timed_out then return "does not end" end
  if result.signal ~= 0 then return "ended by signal " .. result.signal end
  local said = result.out .. result.err
  for _, words in ipairs(empty_words) do
    local found = said:match("[^\n]*" .. words .. "[^\n]*")
    if found then return found end
  end
  if said:find "[%z\1-\8\11-\31\127]" then return "control characters reach the terminal" end
  if result.code ~= 0 and result.err == "" then return ("exit code %d without a word"):format(result.code) end
end

-- Reads a file as what its ending says; raises when it is not that, whole.
local whole = {
  [".json"] = function(path) json.decode(files.read(path)) end,
  [".jsonl"] = function(path)
    for line in files.read(path):gmatch "[^\n]+" do json.decode(line) end
  end,
  [".csv"] = function(path)
    assert(files.read(path):find "\n$", "the last line is not whole")
  end,
}
for _, ending in ipairs {".npz", ".npy", ".safetensors"} do whole[ending] = function(path) torch.load(path) end end

--- The files under a folder that are not whole: each as "PATH: why".
---@param folder string
---@return string[]
function programs.not_whole(folder)
  local found = {}
  for _, path in ipairs(files.exists(folder) and files.tree(folder) or {}) do
    local _, ending = files.stem(path)
    local ok, why = pcall(whole[ending] or files.read, path)
    if not ok then found[#found + 1] = path .. ": " .. tostring(why) end
  end
  return found
end

--- Everything under a folder as one table from path to content.
---@param folder string
---@return table<string, string>
function programs.content(folder)
  local content = {}
  for _, path in ipairs(files.tree(folder)) do content[path:sub(#folder + 2)] = files.read(path) end
  return content
end

return programs
