"""Tiny Whisper classifiers by transformers 5.23, as folders of a hub, with what they give.

    python whisper_head.py       writes whisper_head/

Windows of a second: one full of sound, one of which 0.43 s are. `valid` is the head on the mean over frames of sound.
"""
import copy

import numpy as np
import torch
import transformers as t

import tiny


def mel(samples):
    """The log-mel of a second of samples, silence behind them."""
    extractor = t.WhisperFeatureExtractor(feature_size=80, chunk_length=1)
    return extractor(samples, sampling_rate=16000, return_tensors="pt").input_features


def case(name, **settings):
    path = tiny.folder("whisper_head", name)
    config = t.WhisperConfig(d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=24,
                             decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16, vocab_size=40,
                             pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
                             num_mel_bins=80, max_source_positions=50, classifier_proj_size=8, num_labels=3, **settings)
    model = tiny.randomise(t.WhisperForAudioClassification(config), seed=len(name))
    clip = tiny.clip(1)
    lengths = [16000, 6880]
    x = torch.cat([mel(clip[:n]) for n in lengths])
    with torch.no_grad():
        tiny.boost(model, model(x).logits, model.classifier)
        hidden = model.encoder(x, output_hidden_states=True).hidden_states
        if config.use_weighted_layer_sum:
            states = sum(w * h for w, h in zip(torch.softmax(model.layer_weights, -1), hidden))
        else:
            states = hidden[-1]
        # a frame of the mel hears 200 samples on either side of its middle, a state two frames
        count = [min(50, -(-((n + 199) // 160 + 1) // 2)) for n in lengths]
        valid = torch.stack([model.classifier(model.projector(s[:k]).mean(0)) for s, k in zip(states, count)])
        vectors = {"x": x[:, ::8, ::5], "logits": model(x).logits, "valid": valid,
                   "bfloat16": copy.deepcopy(model).bfloat16()(x.bfloat16()).logits.float()}
        vectors |= {f"hidden.{i}": h[:, ::4] for i, h in enumerate(hidden)}
    model.save_pretrained(path)
    tiny.save(path, "vectors", vectors)


case("plain")
case("weighted", use_weighted_layer_sum=True)
