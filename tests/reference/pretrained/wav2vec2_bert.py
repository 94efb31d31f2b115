"""A tiny Wav2Vec2-BERT classifier by transformers 5.23, as a folder of a hub, with what it gives.

    python wav2vec2_bert.py     writes wav2vec2_bert/
"""
import copy

import torch
import transformers as t

import tiny

path = tiny.folder("wav2vec2_bert")
config = t.Wav2Vec2BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
                              feature_projection_input_dim=160, left_max_position_embeddings=9,
                              right_max_position_embeddings=4, conv_depthwise_kernel_size=7, classifier_proj_size=8,
                              num_labels=3, use_weighted_layer_sum=True, attn_implementation="eager")
model = tiny.randomise(t.Wav2Vec2BertForSequenceClassification(config), seed=1)
extractor = t.SeamlessM4TFeatureExtractor(feature_size=80, num_mel_bins=80)
clip = tiny.clip(2)
long = extractor(clip, sampling_rate=16000, return_tensors="pt").input_features
odd = extractor(clip[:16400], sampling_rate=16000, return_tensors="pt")
made = extractor([clip[:9000], clip[::-1][:5000] * 0.4], sampling_rate=16000, return_tensors="pt")
x, mask = made.input_features, made.attention_mask
with torch.no_grad():
    tiny.boost(model, model(x, attention_mask=mask).logits, model.classifier)
    out = model(x, attention_mask=mask, output_hidden_states=True, output_attentions=True)
    vectors = {"front": long[0, ::4], "x": x, "mask": mask, "logits": model(x).logits, "masked": out.logits,
               "odd": model(odd.input_features, attention_mask=odd.attention_mask).logits,
               "bfloat16": copy.deepcopy(model).bfloat16()(x.bfloat16(), attention_mask=mask).logits.float()}
    vectors |= {f"hidden.{i}": h for i, h in enumerate(out.hidden_states)}
    vectors |= {f"attention.{i}": a for i, a in enumerate(out.attentions)}
assert odd.attention_mask.sum() == 50 and odd.attention_mask.shape[1] == 51
model.save_pretrained(path)
extractor.save_pretrained(path)
tiny.save(path, "vectors", vectors)
