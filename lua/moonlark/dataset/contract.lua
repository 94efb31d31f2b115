--- What train and predict rely on, of any kind of batches: of songs (Dataset:batches), of samples in memory
--- (train.tensors), of one row a song (Dataset:batches with pool).
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local contract = {}

---@class moonlark.AnyBatches
---@field dataset moonlark.Dataset|{tracks: table[], classes: string[]}  what the examples are of, without what failed
---@field classes string[]?  names by class id
---@field rows integer  the length of an example's first axis
---@field frames integer?  of its second; nil: there is none, or it differs
---@field rejected {path: string, reason: string}[]  files that could not be read, complete once prepared
---@field partial {path: string, reason: string}[]  files that were kept in part, complete once prepared
---@field settings table  the options that they were made with, defaults filled in: batch_size, drop_last, normalize …
---@field prepare fun(self): self  reads or computes what examples are made of; whatever needs it calls it
---@field items fun(self): integer  examples of an epoch
---@field count fun(self): integer  batches of an epoch
---@field epoch fun(self, number: integer): fun(): table?  the batches of an epoch from 1: x, y, tracks, paths …
---@field set_seed fun(self, seed: integer): self  what the order of epochs comes from, beside their number
---@field to fun(self, device: string): self  where x and y are to be
---@field options fun(self): table  plain values that make the same input of other songs
---@field statistics fun(self): {mean: moonlark.Tensor, std: moonlark.Tensor}?  of each row; nil: no numbers
---@field normalize_by fun(self, statistics: table): self  takes another part's statistics

-- What has to be there, by the type that it has.
local fields = {
  {"table", "dataset", "rejected", "partial", "settings"}, {"number", "rows"},
  {"function", "prepare", "items", "count", "epoch", "set_seed", "to", "options", "statistics", "normalize_by"},
}

--- The first field that a table lacks to be batches; nil: none.
function contract.lacks(value)
  for _, names in ipairs(fields) do
    for i = 2, #names do
      if type(value[names[i]]) ~= names[1] then return names[i] end
    end
  end
  return type(value.dataset.tracks) ~= "table" and "dataset.tracks" or nil
end

--- The value, if it is batches.
function contract.batches(value)
  return type(value) == "table" and not contract.lacks(value) and value or nil
end

--- The value; an error if it is no batches.
function contract.check_batches(value)
  if contract.batches(value) then return value end
  show.fail("batches must be what dataset:batches and train.tensors make, got %s%s", options.got(value),
    type(value) == "table" and " without " .. contract.lacks(value) or "")
end

return contract
