--- Names that somebody may have chosen: each file is indexed, extracted from and read, or refused by name; nothing
--- else is opened, and what is written stays what its ending says.
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local programs = require "programs"

local names = {}

names.list = {
  "plain", "two words", "-dash", "--help", "=1+1", "@sum", "+a",
  "a\nb", "a\tb", "a\rb", "\27[2J\27[31mred", "\7bell", "a\"b", "a'b",
  "a\\b", "a,b", "a;b", "a|b", "a$HOME", "`id`", "$(id)", "a%sb%n",
  "%2e%2e", "..a", "...", "~", "*", "?", "[a]", "{a,b}", "#a", "a&b",
  "<b>", "Bach: Air", "http:", "concat:a|b", "file:a", "pipe:0",
  "tcp:127.0.0.1", "data:,a", "subfile:a", "caf\xe9", "\xff\xfe",
  "\xc3\xa9t\xc3\xa9", "e\xcc\x81", "\xe2\x80\xaegpj", "\xe6\x97\xa5\xe6\x9c\xac",
  "\xf0\x9f\x8e\xb5", "\xc2\x85", "\xed\xa0\x80", "\xef\xbb\xbfbom",
  ("n"):rep(251), "con", "nul", "index", "cjson", "a.wav", ".hidden",
  " lead", "trail ", "1e999", "nan", "true", "null", "0x10",
}

local function check_json(path)
  local text = files.read(path)
  if not utf8.len(text) then return path .. " is not UTF-8" end
  local ok, why = pcall(json.decode, text)
  if not ok then return tostring(why) end
end

local function check_table(path)
  for line in files.read(path):gmatch "[^\n]+" do
    if line:find "^[=+@-]" or line:find ",[=+@-]%D" then return "a formula in " .. path .. ": " .. line:sub(1, 60) end
  end
end

--- Tries all names, as a file's and as a folder's.
---@return {count: integer, accepted: integer, refused: integer, findings: {id: string, what: string}[]}
function names.run()
  local total = {count = #names.list, accepted = 0, refused = 0, findings = {}}
  for _, name in ipairs(names.list) do
    local shown = ("%q"):format(name)
    local function find(what) table.insert(total.findings, {id = shown, what = what}) end
    local folder = files.temporary_folder()
    local label = name:sub(1, 200)
    files.mkdirs(folder .. "/songs/" .. label)
    files.mkdirs(folder .. "/songs/other")
    programs.write_wav(("%s/songs/%s/%s.wav"):format(folder, label, name), 300, 0.3)
    programs.write_wav(folder .. "/songs/other/1.wav", 500, 0.3)
    local accepted = true
    local function try(words)
      local result = programs.run(folder, words)
      local fault = programs.fault(result)
      if fault then find(words[1] .. ": " .. fault) end
      if result.code ~= 0 then
        accepted = false
        if not fault then find(("%s: exit code %d: %s"):format(words[1], result.code, result.err:sub(1, 200))) end
      end
    end
    try {"index", "songs", "-o", "index.json"}
    try {"extract", "index.json", "--features", "rms", "--pool", "mean", "--format", "csv", "--out", "table"}
    try {"extract", "songs", "--features", "rms", "--out", "frames"}
    try {"features", ("./songs/%s/%s.wav"):format(label, name), "--features", "rms", "--out", "one.npz"}
    for _, path in ipairs {"index.json", "table/features.json", "frames/features.json"} do
      local what = files.exists(folder .. "/" .. path) and check_json(folder .. "/" .. path)
      if what then find(what) end
    end
    local indexed = files.exists(folder .. "/index.json") and #dataset.load(folder .. "/index.json")
    if indexed and indexed ~= 2 and name:sub(1, 1) ~= "." then find "the index misses it" end
    local what = files.exists(folder .. "/table/features.csv") and check_table(folder .. "/table/features.csv")
    if what then find(what) end
    total[accepted and "accepted" or "refused"] = total[accepted and "accepted" or "refused"] + 1
    files.remove(folder)
  end
  return total
end

return names
