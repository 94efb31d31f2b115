--- Checkpoint: all that a training needs to go on as if it had never stopped, in one sealed file.
---
--- Tensors are the weights, the best weights so far, the optimiser's state and the average of weights; plain values are
--- the epoch, the history, the schedule's state and the settings. Random numbers need no state: each epoch begins with
--- seeds of its own.
local sealed = require "moonlark.base.sealed"
local settings = require "moonlark.train.settings"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local states = require "moonlark.train.state"

local checkpoint = {}

local state = shape.maybe(shape.map(shape.either("a number, a string, true or false", "number", "string", "boolean")))
local form = {
  epoch = shape.integer(0), history = shape.list {epoch = shape.integer(1)}, settings = "object",
  best = shape.maybe {epoch = shape.integer(1), value = "number"}, optimizer = state, ema = state, schedule = state,
}

--- Writes a trainer's state after a whole epoch, to a path that ends in .safetensors.
function checkpoint.write(path, trainer)
  local optimizer, best = trainer.optimizer:state_dict(), trainer.best or {}
  local ema = trainer.ema and trainer.ema:state_dict() or {}
  local tensors = {}
  local parts = {net = states.of(trainer.net), optimizer = optimizer.tensors, best = best.state, ema = ema.tensors}
  for part, of_part in pairs(parts) do
    for name, tensor in pairs(of_part) do tensors[part .. "." .. name] = tensor end
  end
  sealed.write(path, tensors, "checkpoint", {
    epoch = trainer.epoch, history = trainer.history, settings = trainer.settings,
    best = trainer.best and {epoch = best.epoch, value = best.value}, optimizer = optimizer.numbers, ema = ema.numbers,
    schedule = trainer.schedule and trainer.schedule:state(),
  })
end

--- Puts the network, optimiser, average and schedule of a trainer where the checkpoint was, and says how far that is.
--- Errors name a network, optimiser or setting that differs.
---@return {epoch: integer, history: table[], best: table?} reached  for Trainer:begin
function checkpoint.read(path, trainer)
  local tensors, plain = sealed.read(path, "checkpoint", form)
  settings.check_same(path, plain.settings, trainer.settings)
  local parts = {net = {}, optimizer = {}, best = {}, ema = {}}
  for name, tensor in pairs(tensors) do
    local part, within = name:match "^(%l+)%.(.*)$"
    if parts[part] then parts[part][within] = tensor end
  end
  local ok, why = pcall(function()
    states.restore(trainer.net, parts.net)
    trainer.optimizer:load_state_dict {tensors = parts.optimizer, numbers = plain.optimizer or {}}
    if trainer.ema then trainer.ema:load_state_dict {tensors = parts.ema, numbers = plain.ema} end
    if trainer.schedule then trainer.schedule:load_state(plain.schedule) end
  end)
  if not ok then error(type(why) == "string" and show.format("%s: ", path) .. why or why, 0) end
  if plain.best then plain.best.state = parts.best end
  return plain
end

return checkpoint
