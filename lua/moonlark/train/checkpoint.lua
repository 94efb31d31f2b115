--- Checkpoint: all that a training needs to go on as if it had never stopped, in one sealed file.
---
--- Weights, the best weights so far, the optimiser's state and the average of weights are tensors; the epoch, the
--- history, the schedule's state and the settings are plain. Random numbers need no state: each epoch begins with
--- seeds of its own.
local sealed = require "moonlark.base.sealed"
local settings = require "moonlark.train.settings"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"

local checkpoint = {}

local state = shape.maybe(shape.map(shape.either("a number, a string, true or false", "number", "string", "boolean")))
local form = {
  epoch = shape.integer(0), history = shape.list {epoch = shape.integer(1)}, settings = "object",
  best = shape.maybe {epoch = shape.integer(1), value = "number"}, optimizer = state, ema = state, schedule = state,
}

local function put(tensors, prefix, state)
  for name, tensor in pairs(state or {}) do tensors[prefix .. name] = tensor end
end

local function take(tensors, prefix)
  local state = {}
  for name, tensor in pairs(tensors) do
    if name:sub(1, #prefix) == prefix then state[name:sub(#prefix + 1)] = tensor end
  end
  return next(state) and state or nil
end

--- Writes a trainer's state after a whole epoch.
---@param path string  ends in .safetensors
---@param trainer moonlark.Trainer
function checkpoint.write(path, trainer)
  local tensors = {}
  local optimizer = trainer.optimizer:state_dict()
  put(tensors, "net.", trainer.net:state_dict())
  put(tensors, "optimizer.", optimizer.tensors)
  put(tensors, "best.", trainer.best and trainer.best.state)
  put(tensors, "ema.", trainer.ema and trainer.ema:state_dict().tensors)
  sealed.write(path, tensors, "checkpoint", {
    epoch = trainer.epoch, history = trainer.history, settings = trainer.settings,
    best = trainer.best and {epoch = trainer.best.epoch, value = trainer.best.value},
    optimizer = optimizer.numbers, ema = trainer.ema and trainer.ema:state_dict().numbers,
    schedule = trainer.schedule and trainer.schedule:state(),
  })
end

--- Puts the network, optimiser, average and schedule of a trainer where the checkpoint was, and says how far that is.
--- Another network, optimiser or setting is an error that names them.
---@param path string
---@param trainer moonlark.Trainer
---@return {epoch: integer, history: table[], best: table?}  for Trainer:go_on
function checkpoint.read(path, trainer)
  local tensors, plain = sealed.read(path, "checkpoint", form)
  local differ = settings.differences(plain.settings, trainer.settings)
  if #differ > 0 then
    show.fail("%s was begun with other settings:%s", path, differ)
  end
  local ok, why = pcall(function()
    trainer.net:load_state_dict(take(tensors, "net.") or {})
    trainer.optimizer:load_state_dict {tensors = take(tensors, "optimizer.") or {}, numbers = plain.optimizer or {}}
    if trainer.ema then trainer.ema:load_state_dict {tensors = take(tensors, "ema.") or {}, numbers = plain.ema} end
    if trainer.schedule then trainer.schedule:load_state(plain.schedule) end
  end)
  if not ok then error(type(why) == "string" and show.format("%s: ", path) .. why or why, 0) end
  local best = plain.best
  return {epoch = plain.epoch, history = plain.history,
    best = best and {epoch = best.epoch, value = best.value, state = take(tensors, "best.")}}
end

return checkpoint
