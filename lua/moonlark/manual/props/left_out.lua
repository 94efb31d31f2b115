--- Left out: examples of the manual that are not run, by name or chapter, and why.
local elsewhere = "it needs a model from elsewhere"
local network = "it needs the network"
local collection = "it needs a published collection"
local gpu = "it needs a GPU"

return {
  ["finetune."] = elsewhere, ["pretrained."] = elsewhere, ["hub."] = network,
  corpus = "it takes minutes", network = "it takes minutes", ["corpus.generate"] = "it takes minutes",
  ["Batches:to"] = gpu, ["Module:to"] = gpu, ["Tensor:cuda"] = gpu, ["Tensor:to"] = gpu, ["TensorBatches:to"] = gpu,
  ["torch.autocast"] = gpu, ["model.open"] = gpu,
  ["dataset.gtzan"] = collection, ["dataset.known"] = collection,
  ["feature.embedding"] = elsewhere, ["Recipe:embed"] = elsewhere, ["music.chords"] = elsewhere, ["music.voice"] = elsewhere,
  ["plot.attention"] = elsewhere, ["torch.load"] = elsewhere,
  ["Model:fail"] = "it is an error", ["network.architecture"] = "it is the end of a file",
  ["server."] = "it serves whoever asks, and ends when it is told to",
  ["live.source"] = "it needs a microphone", ["live.opus"] = "it needs packets of somebody who speaks",
  library = "it needs music of yours", ["Library:"] = "it needs music of yours", ["OwnGenres:"] = "it needs music of yours",
  reload = "it needs a module of yours", help = "it prints what this page says",
}
