"""Tiny AST and MAEST classifiers by transformers 5.23, as folders of a hub, with what they give.

    python ast_maest.py    writes ast/

`hub` has the older spelling of names, which save_pretrained writes; `named` the newer one, no bias of queries, keys and
values, other strides, and its front end in processor_config.json; `maest` is in float16.
"""
import copy

import numpy as np
import torch
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

import tiny

SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)


def case(name, extractor, newer=False, processor=False, half=False, **settings):
    path = tiny.folder("ast", name)
    model = tiny.randomise(ASTForAudioClassification(ASTConfig(**SMALL, **settings)), seed=len(name))
    c = model.config
    x = torch.randn(3, c.max_length, c.num_mel_bins, generator=torch.Generator().manual_seed(1)) * 0.5
    with torch.no_grad():
        tiny.boost(model, model(x).logits, model.classifier.dense)
    if half:
        model = model.half().float()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        out = model(x, output_hidden_states=True, output_attentions=True)
        pooled = model.audio_spectrogram_transformer(x).pooler_output
        brief = copy.deepcopy(model).bfloat16()(x.bfloat16()).logits.float()
    if half:
        model.half()
    model.save_pretrained(path)
    if newer:
        tiny.save(path, "model", model.state_dict())
    settings = {"feature_extractor_type": "ASTFeatureExtractor", "sampling_rate": 16000, "do_normalize": True,
                "num_mel_bins": c.num_mel_bins, "max_length": c.max_length} | extractor
    if processor:
        tiny.write_json(path, "processor_config.json", {"feature_extractor": settings})
    else:
        tiny.write_json(path, "preprocessor_config.json", settings)
    tiny.save(path, "vectors", {"x": x, "logits": out.logits, "bfloat16": brief, "pooled": pooled}
              | {f"hidden.{i}": h for i, h in enumerate(out.hidden_states)}
              | {f"attention.{i}": a for i, a in enumerate(out.attentions)})


def front_end():
    """What the extractor makes of a clip that is cut and of one that is padded: each 16th number."""
    path = tiny.folder("ast", "front")
    extractor = ASTFeatureExtractor(num_mel_bins=128, max_length=1024, mean=-4.2677393, std=4.5689974)
    other = ASTFeatureExtractor(num_mel_bins=64, max_length=300, mean=-3.0, std=2.0)
    vectors = {}
    for name, seconds, one in (("long", 11, extractor), ("short", 1.7, extractor), ("other", 2.2, other)):
        x = one(tiny.clip(seconds), sampling_rate=16000, return_tensors="np")["input_values"][0]
        vectors[name] = np.ascontiguousarray(x[::8, ::4])
    tiny.save(path, "vectors", vectors)


case("hub", {"mean": -4.2677393, "std": 4.5689974}, max_length=46, num_mel_bins=32, num_labels=3,
     id2label={0: "speech", 1: "music", 2: "noise"}, problem_type="single_label_classification")
case("named", {"mean": -3.5, "std": 2.5}, newer=True, processor=True, max_length=60, num_mel_bins=40, num_labels=2,
     qkv_bias=False, frequency_stride=8, time_stride=12, patch_size=12, hidden_act="relu")
case("maest", {"feature_extractor_type": "MAESTFeatureExtractor", "hop_length": 256, "n_fft": 512,
               "log_compression": "logC", "mean": 2.06755686098554, "std": 1.268292820667291}, half=True,
     max_length=36, num_mel_bins=96, num_labels=4, layer_norm_eps=1e-6, frequency_stride=20, patch_size=8)
front_end()
