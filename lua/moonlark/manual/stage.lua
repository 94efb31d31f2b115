--- Stage: where the examples of a manual are run: in a folder of its own, with what they take for granted (moonlark.manual.
--- scene), and whatever they print, show or write is kept.
---
---     local stage <close> = stage_of()
---     local result = stage:run('print(feature.mel(song))', "feature.mel")
local display = require "moonlark.base.display"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local moonlark = require "moonlark"
local progress = require "moonlark.base.progress"
local scene = require "moonlark.manual.scene"
local session = require "moonlark.shell.session"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local warning = require "moonlark.base.warning"

--- What became of an example.
---@class moonlark.manual.Result
---@field lines table<integer, string>  what each line printed
---@field printed string
---@field values {name: string, value: any}[]  what it made, in order
---@field shown table[]  bundles by MIME type, as of moonlark.base.display
---@field failure string?  the error
---@field left_out string?  why it was not run
---@field unknown string?  a name that nothing here stands for: an example that fails for want of it counts as not run

local Stage = {}
Stage.__index = Stage

local limits = {depth = 2, count = 12, width = 88, string = 80}

-- Lines of print, and which line of the example printed them.
local function printer(result)
  return function(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
      local value = parts[i]
      parts[i] = type(value) == "table" and show.text(value, limits) or tostring(value)
    end
    local text, line = table.concat(parts, "\t", 1, parts.n), 0
    for level = 2, 12 do
      local info = debug.getinfo(level, "Sl")
      if not info then break end
      if info.source == "=example" then
        line = info.currentline
        break
      end
    end
    result.printed = result.printed .. text .. "\n"
    result.lines[line] = (result.lines[line] and result.lines[line] .. "\n" or "") .. text
  end
end

-- A line that is a call, and says what comes of it, prints that.
local function with_promises_printed(code)
  return (code .. "\n"):gsub("([^\n]*)\n", function(line)
    local before, promise = line:match "^(.-)(%s*%-%->.*)$"
    local is_call = before and before:find "^[%a_]" and load("return " .. before) and not before:find "^print%f[%W]"
    return is_call and ("print(%s)%s\n"):format(before, promise) or nil
  end)
end

-- The function of an example; its locals go to `keep`.
local function compile(code, environment, keep)
  local text = with_promises_printed(code)
  local chunk = load(text .. "\n;(...)()", "=example", "t", environment)
  if chunk then
    return function()
      chunk(function()
        for i = 1, math.huge do
          local name, value = debug.getlocal(2, i)
          if not name then return end
          if name:sub(1, 1) ~= "(" then keep[#keep + 1] = {name = name, value = value} end
        end
      end)
    end
  end
  return load(text, "=example", "t", environment) or load("return " .. text, "=example", "t", environment)
end

-- moonlark.audio, whose sounds are kept rather than played.
local function audio_for(result)
  local function play(sound)
    if type(sound) == "string" then sound = moonlark.audio.load(sound) end
    moonlark.audio.save("played.ogg", sound, {quality = 0.3})
    result.shown[#result.shown + 1] = {["audio/ogg"] = files.read "played.ogg"}
  end
  return setmetatable({play = play}, {__index = moonlark.audio})
end

-- The names that an example finds: its own, those of the scene, modules, what a session has.
local function environment_of(result, names)
  local own = {print = printer(result), audio = audio_for(result)}
  return setmetatable(own, {__index = function(_, name)
    local value = names(name)
    if value == nil then value = moonlark.module(name) end
    if value == nil then value = session[name] end
    if value == nil then value = _G[name] end
    if value == nil then result.unknown = result.unknown or name end
    return value
  end})
end

-- The files of the folder, each with what changes when it is written.
local function listing(folder)
  local found = {}
  for name in lfs.dir(folder) do
    local about = lfs.attributes(folder .. "/" .. name)
    if about and about.mode == "file" then found[name] = about.ino .. " " .. about.modification end
  end
  return found
end

-- The picture of a figure, as sharp as a page needs it.
local function picture_of(figure)
  local path = "shown.png"
  figure:save(path, {dpi = 120})
  local bytes = files.read(path)
  files.remove(path)
  return {["image/png"] = bytes}
end

-- Chapters whose examples are about sound: the first Signal that comes of one is drawn.
local drawn = {feature = true, effects = true, signal = true, music = true}

local function add_drawn(result, chapter)
  if not drawn[chapter] or #result.shown > 0 or result.printed ~= "" then return end
  for _, made in ipairs(result.values) do
    local meta = debug.getmetatable(made.value)
    if type(meta) == "table" and meta.__name == "moonlark.Signal" then
      local fine, figure = pcall(moonlark.plot.signal, made.value, {width = 640})
      if fine then result.shown[1] = picture_of(figure) end
      return
    end
  end
end

-- Where bars and epochs go.
local nowhere = setmetatable({}, {__index = function() return function(file) return file end end})

-- What is shown while f runs, and how it ended. Progress stays away.
local function watched(f, result)
  local before = {place = display.place, show = display.show, bars = progress.place, err = io.stderr}
  display.place = function(bundle) result.shown[#result.shown + 1] = bundle end
  display.show = function(value, ...)
    local meta = debug.getmetatable(value)
    if type(meta) == "table" and meta.__name == "moonlark.Figure" then return display.place(picture_of(value)) end
    return before.show(value, ...)
  end
  progress.place, io.stderr = function() end, nowhere
  local fine, why = xpcall(f, tostring)
  display.place, display.show, progress.place, io.stderr = before.place, before.show, before.bars, before.err
  if fine then return end
  if result.unknown then result.left_out = ("it needs a `%s`"):format(result.unknown) else result.failure = why end
end

-- Pictures that the example wrote count as shown.
local function add_written(folder, before, result)
  local after = listing(folder)
  for _, name in ipairs(text.keys(after)) do
    local is_picture = name:find "%.png$" and after[name] ~= before[name]
    if is_picture then result.shown[#result.shown + 1] = {["image/png"] = files.read(folder .. "/" .. name)} end
  end
end

--- Runs an example. Errors of the example are in the result.
---@param code string
---@param about string  whose example it is: "feature.mel", "Signal:slice", "nn"
---@return moonlark.manual.Result
function Stage:run(code, about)
  local result = {lines = {}, printed = "", values = {}, shown = {}}
  result.left_out = self.scene:left_out(about)
  if result.left_out then return result end
  local run = compile(code, environment_of(result, self.scene:names(about)), result.values)
  if not run then
    result.left_out = "no Lua"
    return result
  end
  local before
  watched(function()
    self.scene:prepare(code)
    before = listing(self.folder)
    run()
  end, result)
  if before then add_written(self.folder, before, result) end
  add_drawn(result, self.scene:chapter(about))
  return result
end

function Stage:__close()
  lfs.chdir(self.before)
  warning.policy(self.warnings)
  files.remove(self.folder)
end

--- A stage. Close it: its folder goes then.
---@param chapters moonlark.manual.Chapter[]  whose examples they are
---@return table
return function(chapters)
  local homes = {}
  for _, chapter in ipairs(chapters) do
    for _, item in ipairs(chapter.items) do
      if item.entry.kind == "class" then homes[item.entry.name] = chapter.name end
    end
  end
  local self = setmetatable({before = lfs.currentdir(), folder = files.temporary_folder()}, Stage)
  self.warnings = warning.policy "ignore"
  lfs.chdir(self.folder)
  self.scene = scene.new(homes)
  return self
end
