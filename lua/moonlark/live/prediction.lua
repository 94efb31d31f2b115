--- Prediction: what a trained model says of the last seconds.
local audio = require "moonlark.audio"
local evaluate = require "moonlark.train.evaluate"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local is_module = require("moonlark.nn.module").is_module
local predict = require "moonlark.predict"
local segment = require "moonlark.live.segment"
local signal = require "moonlark.signal"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"

local LEAST = 1 -- s of sound that it takes to say anything

local Prediction = {}
Prediction.__index = Prediction

local function by_name(names, row)
  local named = {}
  for k, name in ipairs(names) do named[name] = row[k] end
  return named
end

local function likeliest(numbers)
  local best
  for name, number in pairs(numbers) do
    if not best or number > numbers[best] or number == numbers[best] and name < best then best = name end
  end
  return best, numbers[best]
end

-- The tags of a row that reach their thresholds, in the order of the model's.
local function chosen(card, names, row)
  local tags = {}
  for k, name in ipairs(names) do
    if row[k] >= (card.thresholds and card.thresholds[k] or 0.5) then tags[#tags + 1] = name end
  end
  return tags
end

-- What a network says of a batch of one, as the fields of an event.
local function of_network(self, batch)
  local net, names = self.model.learned, self.model:names()
  local asked = task.of(net)
  local row = torch.no_grad(function()
    local logits = evaluate.forward(net, evaluate.place(batch, net:device()))
    return asked.outputs(self.model.card, logits):cpu():select(0, 0):totable()
  end)
  local named = by_name(names, row)
  if asked.name == "values" then return {values = named} end
  local said = {probabilities = named, tags = asked.name == "tags" and chosen(self.model.card, names, row) or nil}
  said.label, said.probability = likeliest(named)
  return said
end

-- What any model says of the last seconds, as of a file.
local function of_file(self, piece)
  local folder = files.temporary_folder()
  local _ <close> = finally(function() files.remove(folder) end)
  local path = files.join(folder, "last.wav")
  local song = piece:past(self.window)
  audio.save(path, signal.new {data = song.data, rate = song.rate, kind = "waveform"}, {subtype = "float"})
  local one = predict.files(self.model, {path})[1]
  return {label = one.label, probability = one.probability, probabilities = one.probabilities, tags = one.tags,
    values = one.values}
end

local function tell(self, piece, say)
  local said
  if self.segment then
    local batch = self.segment:batch(piece)
    said = batch and of_network(self, batch)
  else
    said = of_file(self, piece)
  end
  if not said then return end
  said.kind, said.time = "prediction", piece.time
  say(said)
end

--- Hears a piece, mono.
function Prediction:hear(piece, say)
  if self.segment then self.segment:hear(piece) end
  if piece.time < self.next then return end
  self.next = piece.time + self.every
  tell(self, piece, say)
end

--- What says of the last seconds what a model hears in them: events {kind = "prediction", time, and as predict.file gives
--- label, probability, probabilities, tags or values}, one every `every` seconds. A network hears a segment as long as
--- those of its training, other models the last `window` seconds.
return function(session, o)
  local model = o.model
  model:names() -- says now what is missing
  local of_card = is_module(model.learned) and segment(model.card) or nil
  if of_card then model.learned:eval() end
  local self = {model = model, segment = of_card, every = o.every, window = o.window, next = LEAST}
  self.rate = of_card and of_card.rate or session.rate
  self.remembers = of_card and of_card.remembers or not of_card and o.window or nil
  return setmetatable(self, Prediction)
end
