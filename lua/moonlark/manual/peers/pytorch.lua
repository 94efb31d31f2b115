--- PyTorch's names and ours: {what one writes there, what one writes here, a word where they differ}.
return {
  title = "For people who come from PyTorch", peer = "PyTorch",
  about = {
    "Tensors are libtorch's own: every operator of it is a method (`x:conv2d(w)`, `x:softmax {-1}`) or a function of "
      .. "`torch`, with its names and defaults. Dimensions and indices count from 0. A table with names holds named arguments: "
      .. "`x:mean({1}, {keepdim = true})`.",
    "Layers, their state dicts and optimisers have PyTorch's names and numbers. A network is a module with `forward`; it is "
      .. "called like a function. Files of PyTorch open with `torch.load`, without running what is pickled in them.",
  },
  groups = {
    {"Tensors", {
      {"torch.tensor([[1., 2.]])", "torch.tensor", "`torch.tensor {{1, 2}}`"},
      {"torch.load(path), torch.save", "torch.load torch.save", ".pt, .safetensors, .npy, .npz, .mat, .onnx …"},
      {"torch.manual_seed(0)", "torch.manual_seed"},
      {"with torch.no_grad():", "torch.no_grad", "takes a function"},
      {"torch.autograd.grad", "torch.grad"},
      {"with torch.autocast(\"cpu\"):", "torch.autocast"},
      {"torch.cuda.is_available()", "torch.cuda.is_available"},
      {"torch.set_num_threads(2)", "torch.set_num_threads"},
      {"torch.stft", "torch.stft feature.stft"},
      {"x.numpy()", "Tensor:totable", "a table of Lua; files by torch.save"},
    }},
    {"Layers", {
      {"nn.Module", "nn.Module"}, {"nn.Sequential, ModuleList, ModuleDict", "nn.Sequential nn.ModuleList nn.ModuleDict"},
      {"nn.Linear, Conv1d, Conv2d", "nn.Linear nn.Conv1d nn.Conv2d"},
      {"nn.BatchNorm2d, LayerNorm, GroupNorm", "nn.BatchNorm2d nn.LayerNorm nn.GroupNorm"},
      {"nn.LSTM, GRU", "nn.LSTM nn.GRU"},
      {"nn.MultiheadAttention", "nn.MultiheadAttention"},
      {"nn.TransformerEncoder(layer, n)", "nn.TransformerEncoder nn.TransformerEncoderLayer"},
      {"nn.CrossEntropyLoss, BCEWithLogitsLoss", "nn.CrossEntropyLoss nn.BCEWithLogitsLoss"},
      {"nn.init.kaiming_uniform_(w)", "nn.init.kaiming_uniform"},
      {"nn.functional.relu(x)", "torch.resolve", "`x:relu()`: every operator is a method"},
    }},
    {"Training", {
      {"optim.AdamW(net.parameters(), lr)", "optim.AdamW", "`optim.AdamW(net:parameters(), {lr = 1e-3})`"},
      {"optim.SGD, Adam, RMSprop", "optim.SGD optim.Adam optim.RMSprop"},
      {"lr_scheduler.StepLR, CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau",
        "optim.step optim.cosine optim.one_cycle optim.plateau"},
      {"nn.utils.clip_grad_norm_", "optim.clip_grad_norm"},
      {"torch.optim.swa_utils.AveragedModel", "optim.EMA"},
      {"DataLoader(dataset, …)", "Dataset:batches train.tensors", "threads of C decode, cut and augment"},
      {"the training loop", "train.fit", "or a loop of your own: loss:backward(), optimizer:step()"},
      {"evaluating", "train.evaluate"},
    }},
    {"Sound (torchaudio, transformers)", {
      {"torchaudio.load", "audio.load"}, {"torchaudio.transforms.MelSpectrogram", "feature.mel"},
      {"torchaudio.compliance.kaldi.fbank", "feature.kaldi_fbank"},
      {"WhisperFeatureExtractor", "feature.whisper_mel"},
      {"AutoModel.from_pretrained(name)", "pretrained.open"},
      {"fine-tuning, LoRA", "finetune.open"},
    }},
  },
}
