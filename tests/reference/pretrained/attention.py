#!/usr/bin/env python3
"""Attention maps of a tiny random Whisper classifier, from transformers: attention.py OUT (default: beside this file).

Needs torch, transformers, safetensors. OUT/attention/ gets the model as a folder of the hub, OUT/attention.safetensors
the input, each layer's map, their rollout (Abnar and Zuidema, 2020) and the map of the last layer weighted by the
gradient of class 1 (Chefer et al., 2021).
"""
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import WhisperConfig, WhisperForAudioClassification

out = os.path.join(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)), 'attention')
torch.manual_seed(5)
config = WhisperConfig(d_model=16, encoder_layers=3, decoder_layers=1, encoder_attention_heads=2,
                       decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, num_mel_bins=8,
                       max_source_positions=20, num_labels=3, classifier_proj_size=8, vocab_size=16, pad_token_id=0,
                       bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)
config._attn_implementation = 'eager'
model = WhisperForAudioClassification(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.normal_(0, 0.6)
model.save_pretrained(out)
x = torch.randn(2, 8, 40)
answer = model(x, output_attentions=True)
maps = answer.attentions
for one in maps:
    one.retain_grad()
answer.logits[:, 1].sum().backward()
rollout = torch.eye(20).expand(2, 20, 20)
for one in maps:
    rollout = (0.5 * one.detach().mean(1) + 0.5 * torch.eye(20)) @ rollout
weighted = (maps[-1] * maps[-1].grad).clamp(min=0).mean(1)
vectors = {'x': x, 'logits': answer.logits.detach(), 'rollout': rollout, 'weighted': weighted.detach()}
for i, one in enumerate(maps):
    vectors[f'map{i}'] = one.detach().contiguous()
save_file({k: v.contiguous() for k, v in vectors.items()}, out + '.safetensors')
