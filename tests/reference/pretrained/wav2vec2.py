"""Tiny classifiers of wav2vec 2.0 and its kin by transformers 5.23, as folders of a hub, with what they give.

    python wav2vec2.py     writes wav2vec2/

Clips of 2 and of 1.3 s in a batch, with and without a mask, and a short one alone. Of models that normalise before
attention the last state is after encoder.layer_norm, also in the weighted sum, as transformers 4 had it; 5.23 gives it
as it is before. Maps of WavLM are given as the mean of the heads.
"""
import copy
import json
import os

import torch
from safetensors.torch import load_file
import transformers as t

import tiny

SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, conv_dim=[16, 16, 16],
             conv_kernel=[10, 8, 5], conv_stride=[8, 8, 5], num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4,
             classifier_proj_size=8, num_labels=3)
SETTINGS = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16000, "feature_size": 1,
            "padding_value": 0.0, "do_normalize": True, "return_attention_mask": True}


def states_of(model, x, mask):
    """The hidden states of transformers 4."""
    base = getattr(model, model.base_model_prefix)
    out = base(x, attention_mask=mask, output_hidden_states=True)
    return list(out.hidden_states[:-1]) + [out.last_hidden_state]


def logits_of(model, x, mask):
    """As the reference's forward, with those states."""
    if not model.config.use_weighted_layer_sum:
        return model(x, attention_mask=mask).logits
    weights = torch.softmax(model.layer_weights, -1)
    h = model.projector(sum(w * s for w, s in zip(weights, states_of(model, x, mask))))
    if mask is None:
        return model.classifier(h.mean(1))
    keep = model._get_feature_vector_attention_mask(h.shape[1], mask)[..., None].to(h.dtype)
    return model.classifier((h * keep).sum(1) / keep.sum(1))


def case(name, kind, old=False, normalize=True, drop=(), **settings):
    path = tiny.folder("wav2vec2", name)
    config = getattr(t, kind + "Config")(**(SMALL | settings))
    config._attn_implementation = "eager"
    model = tiny.randomise(getattr(t, kind + "ForSequenceClassification")(config), seed=len(name))
    clips = torch.stack([torch.tensor(tiny.clip(2)), torch.tensor(tiny.clip(2)).flip(0) * 0.4])
    clips[1, 20800:] = 0
    mask = torch.ones(2, 32000, dtype=torch.long)
    mask[1, 20800:] = 0
    extractor = t.Wav2Vec2FeatureExtractor(do_normalize=True)
    x, short = (extractor([row.numpy() for row in rows], sampling_rate=16000, return_tensors="pt").input_values
                for rows in (clips, clips[:1, :2000]))
    with torch.no_grad():
        tiny.boost(model, logits_of(model, x, mask), model.classifier)
        base = getattr(model, model.base_model_prefix)
        maps = base(x, attention_mask=mask, output_attentions=True).attentions
        vectors = {"logits": logits_of(model, x, None), "masked": logits_of(model, x, mask),
                   "short": logits_of(model, short, None), "front": x[:, ::100]}
        vectors |= {f"hidden.{i}": h[:, ::4] for i, h in enumerate(states_of(model, x, mask))}
        vectors |= {f"attention.{i}": (a.mean(1, keepdim=True) if kind == "WavLM" else a)[:, :, ::9, ::3]
                    for i, a in enumerate(maps)}
        vectors["bfloat16"] = logits_of(copy.deepcopy(model).bfloat16(), x.bfloat16(), mask).float()
    model.save_pretrained(path)
    if old:
        file = os.path.join(path, "model.safetensors")
        swap = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
        state = load_file(file)
        for new, before in swap.items():
            state = {k.replace(new, before): v for k, v in state.items()}
        state = {k: v for k, v in state.items() if "masked_spec_embed" not in k}
        tiny.save(path, "model", state)
        with open(os.path.join(path, "config.json")) as f:
            saved = json.load(f)
        for key in drop:
            saved.pop(key, None)
        tiny.write_json(path, "config.json", saved)
    tiny.write_json(path, "preprocessor_config.json", SETTINGS | {"do_normalize": normalize})
    tiny.save(path, "vectors", vectors)


case("base", "Wav2Vec2", old=True, drop=("layer_norm_eps", "use_weighted_layer_sum", "id2label", "label2id",
                                         "adapter_attn_dim"), num_labels=2)
case("large", "Wav2Vec2", feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True, adapter_attn_dim=6,
     use_weighted_layer_sum=True, num_conv_pos_embeddings=7, hidden_act="relu")
case("hubert", "Hubert", conv_pos_batch_norm=True, feat_proj_layer_norm=False, use_weighted_layer_sum=True)
case("unispeech_sat", "UniSpeechSat", layer_norm_eps=1e-3)
case("wavlm", "WavLM", num_buckets=32, max_bucket_distance=40, use_weighted_layer_sum=True)
case("wavlm_large", "WavLM", feat_extract_norm="layer", do_stable_layer_norm=True, num_buckets=24,
     max_bucket_distance=90)
case("data2vec", "Data2VecAudio", num_conv_pos_embeddings=2, conv_pos_kernel_size=5)
