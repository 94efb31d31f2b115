"""Tiny CLAP models by transformers 5.23, as folders of a hub, with what they give.

    python clap.py         writes clap/

`both` is a ClapModel, whose text tower gives the embeddings of three texts; `audio` a ClapAudioModelWithProjection.
"""
import copy
import json
import os

import numpy as np
import torch
import transformers as t

import tiny

AUDIO = dict(window_size=4, num_mel_bins=16, spec_size=64, patch_size=4, patch_stride=[4, 4], hidden_size=16,
             projection_dim=12, depths=[2, 2], num_attention_heads=[2, 4], patch_embeds_hidden_size=8, mlp_ratio=2.0)
TEXT = dict(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
            max_position_embeddings=16, projection_dim=12)
FRONT = dict(feature_size=16, sampling_rate=48000, hop_length=480, max_length_s=2, fft_window_size=1024,
             frequency_min=50, frequency_max=14000, truncation="rand_trunc", padding="repeatpad")


def features(extractor):
    clips = [tiny.clip(2, 48000), tiny.clip(0.45, 48000)]
    return [torch.tensor(extractor(c, sampling_rate=48000)["input_features"][0])[None].float() for c in clips]


extractor = t.ClapFeatureExtractor(**FRONT)
long, short = features(extractor)
x = torch.cat([long, short])

path = tiny.folder("clap", "both")
model = tiny.randomise(t.ClapModel(t.ClapConfig(audio_config=AUDIO, text_config=TEXT, projection_dim=12)), seed=2)
with torch.no_grad():
    model.logit_scale_a.fill_(1.5)
    model.audio_model.audio_encoder.batch_norm.running_mean.fill_(-20)
    model.audio_model.audio_encoder.batch_norm.running_var.fill_(400)
    ids = torch.tensor([[0, 5, 7, 2], [0, 9, 4, 2], [0, 11, 17, 2]])
    out = model(input_ids=ids, input_features=x, is_longer=torch.zeros(2, 1, dtype=torch.bool))
    raw = model.audio_projection(model.audio_model(x, is_longer=None).pooler_output)
    brief = copy.deepcopy(model).bfloat16()
    brief = brief.audio_projection(brief.audio_model(x.bfloat16(), is_longer=None).pooler_output).float()
model.save_pretrained(path)
extractor.save_pretrained(path)
texts = dict(zip(["a dog", "music", "rain"], out.text_embeds))
tiny.save(tiny.folder("clap", "texts"), "texts", texts)
tiny.write_json(os.path.join(path, "..", "texts"), "texts.json", {k: [float(x) for x in v] for k, v in texts.items()})
tiny.save(path, "vectors", {"x": x[:, :, ::4], "embedding": raw, "logits": out.logits_per_audio, "bfloat16": brief})

path = tiny.folder("clap", "audio")
model = tiny.randomise(t.ClapAudioModelWithProjection(t.ClapAudioConfig(**(AUDIO | dict(
    qkv_bias=False, depths=[1, 2], patch_stride=4, projection_hidden_act="gelu")))), seed=4)
with torch.no_grad():
    model.audio_model.audio_encoder.batch_norm.running_mean.fill_(-20)
    model.audio_model.audio_encoder.batch_norm.running_var.fill_(400)
    embedding = model(x, is_longer=None).audio_embeds
model.save_pretrained(path)
tiny.write_json(path, "processor_config.json", {"feature_extractor": json.load(open(
    os.path.join(path, "..", "both", "preprocessor_config.json")))})
tiny.save(path, "vectors", {"embedding": embedding})
