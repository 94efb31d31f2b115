-- Weights in several files, with an index; what training programs wrap weights in.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"
local weights = require "moonlark.pretrained.weights"

TestShards = {}

lib.in_folder {TestShards}

function TestShards:write(map)
  local path = files.join(self.folder, "model.safetensors.index.json")
  files.write(path, json.encode {metadata = {total_size = 8}, weight_map = map})
  return path
end

function TestShards:test_tensors_of_all_shards()
  torch.save(files.join(self.folder, "a.safetensors"), {x = torch.tensor {1, 2}, y = torch.zeros {3}})
  files.write(files.join(self.folder, "b.bin"), files.read "tests/reference/pytorch/state_zip2.pt")
  local path = self:write {x = "a.safetensors", ["2.bias"] = "b.bin", ["0.weight"] = "b.bin"}
  local read = torch.load(path)
  lu.assertEquals({read.x:totable(), read["2.bias"]:shape(), read["0.weight"]:shape(), read.y}, {{1, 2}, {2}, {3, 2, 3}})
  local found = weights.read(self.folder)
  lu.assertEquals({found.file, found.tensors.x:totable()}, {path, {1, 2}})
end

function TestShards:test_errors_name_the_shard_and_the_tensor()
  torch.save(files.join(self.folder, "a.safetensors"), {x = torch.ones {1}})
  torch.save(files.join(self.folder, "b.npy"), torch.ones {1})
  local function fails(map, message)
    local path = self:write(map)
    lu.assertErrorMsgEquals(path .. ": " .. message, torch.load, path)
  end
  fails({x = "a.safetensors", y = "c.safetensors"}, "shard c.safetensors is not there")
  fails({x = "a.safetensors", y = "a.safetensors"}, "tensor 'y' is not in a.safetensors")
  fails({x = "b.npy"}, "shard b.npy holds no tensors by name")
  fails({x = "../a.safetensors"}, "a shard must be a file beside it, got '../a.safetensors'")
  fails({x = "model.safetensors.index.json"}, "a shard must be a file beside it, got 'model.safetensors.index.json'")
  fails({x = 1}, "weight_map.x must be a string without zero bytes, got number 1")
  local path = self:write {x = "a.safetensors"}
  files.write(files.join(self.folder, "a.safetensors"), "short")
  lu.assertErrorMsgContains("a.safetensors: not a safetensors file", torch.load, path)
  lu.assertErrorMsgContains("options are of .csv and .tsv", torch.load, files.join(self.folder, "b.npy"), {decimal = ","})
end

function TestShards:test_weights_are_found_within_what_wraps_them()
  local nested = weights.read "tests/reference/pytorch/nested_zip2.pt"
  lu.assertEquals({nested.tensors.a:shape(), nested.extra.dims.n_mels, nested.extra.model_state_dict}, {{5, 3}, 80})
  lu.assertErrorMsgContains("holds one value without a name", weights.read, "tests/reference/pytorch/tensor_zip2.pt")
  lu.assertErrorMsgContains("holds no tensors", weights.read, "tests/reference/pytorch/untyped_zip2.pt")
end

lib.run()
