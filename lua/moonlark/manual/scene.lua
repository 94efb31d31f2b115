--- Scene: what the examples of a manual take for granted: a song, a folder of songs, their features, a model. All of it is
--- composed or computed here, the same each time.
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local props = require "moonlark.manual.props"
local warning = require "moonlark.base.warning"

local scene = {}

local Scene = {}
Scene.__index = Scene

--- A scene in the current folder. `homes` gives the chapter of each class.
---@param homes table<string, string>
---@return table
function scene.new(homes) return setmetatable({homes = homes, made = {}, runs = 0}, Scene) end

-- What is written for a name, or for all below one: "metrics.beat." for "metrics.beat.trim".
local function of_name(t, about) return t[about] or t[about:match "^(.+[.:])[^.:]+$" or ""] end

--- The chapter of a name: "nn" of "nn.init.normal", "dataset" of "Dataset:split".
---@param about string
---@return string
function Scene:chapter(about)
  local first = about:match "^[%w_]+"
  return self.homes[first] or first
end

--- Why an example is not run; nil where it is. What is said of a class counts for its methods, what is said of a
--- chapter whose name ends in "." for all of it.
---@param about string
---@return string?
function Scene:left_out(about)
  return props.left_out[about] or props.left_out[about:match "^[%w_]+" .. ":"] or props.left_out[self:chapter(about) .. "."]
end

--- What a name stands for in the examples of something. Each is made anew for each example, but for those that take long
--- (props.kept).
---@param about string
---@return fun(name: string): any
function Scene:names(about)
  local own = of_name(props.own, about) or {}
  local chapter = props.chapters[self:chapter(about)] or {}
  local found = {}
  local function get(name)
    if found[name] ~= nil then return found[name] end
    local kept = not own[name] and not chapter[name] and props.kept[name]
    if kept and self.made[name] == nil then self.made[name] = kept(self:names "", self) end
    local maker = own[name] or chapter[name] or props.any[name]
    found[name] = kept and self.made[name] or maker and maker(get, self)
    return found[name]
  end
  return get
end

--- Makes a file, if it is not there.
---@param name string
---@return string name
function Scene:file(name)
  if props.files[name] and not files.exists(name) then
    files.mkdirs((files.split(name)))
    props.files[name](self:names "", self)
  end
  return name
end

--- A new run.
---@return moonlark.Run
function Scene:run()
  self.runs = self.runs + 1
  return moonlark.run.open(("runs/open-%d"):format(self.runs), {model = "svm", seed = 1})
end

--- Copies the sounds of a folder into another. `rename` gives their names, counted from 0.
---@param from string
---@param to string
---@param rename? fun(n: integer): string
function Scene:copy(from, to, rename)
  self:file "genres"
  files.mkdirs(to)
  local n = 0
  for _, path in ipairs((files.tree(from, {".wav"}))) do
    local _, name = files.split(path)
    files.write(files.join(to, rename and rename(n) or name), files.read(path))
    n = n + 1
  end
end

-- How examples begin a run in a folder, which must then be free.
local begins = {'run = "(runs/[^"]+)"', 'run%.open%("(runs/[^"]+)"', 'run%.check%("(runs/[^"]+)"'}

--- Makes the files that an example names, and sets what is to be the same for all: seeds, modes, warnings.
---@param code string
function Scene:prepare(code)
  local torch = moonlark.torch
  for word in code:gmatch '"([^"\n]+)"' do self:file((word:gsub("/$", ""))) end
  for _, pattern in ipairs(begins) do
    for folder in code:gmatch(pattern) do files.remove(folder) end
  end
  torch.set_grad_enabled(true)
  torch.set_deterministic(false)
  torch.manual_seed(1)
  math.randomseed(1)
  warning.policy "ignore"
end

return scene
