"""Freezes what transformers, torch and peft make of a tiny Whisper classifier: losses, gradients, steps of AdamW with
learning rates by layer, low-rank adapters.

    python generate.py        # torch 2.15, transformers 5.23, peft; writes finetune.safetensors beside this file

Names: `net.*` the weights to begin with; `x`, `y` a batch; then for each case its results.
"""
import pathlib

import peft
import torch
from safetensors.torch import save_file
from transformers import WhisperConfig, WhisperForAudioClassification

torch.manual_seed(0)
config = WhisperConfig(d_model=16, encoder_layers=3, encoder_attention_heads=2, encoder_ffn_dim=32, num_mel_bins=8,
                       max_source_positions=10, classifier_proj_size=8, num_labels=3, use_weighted_layer_sum=True,
                       decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16, vocab_size=20, pad_token_id=0,
                       bos_token_id=0, eos_token_id=0, decoder_start_token_id=0)
out = {}


def fresh():
    torch.manual_seed(1)
    model = WhisperForAudioClassification(config)
    for name, p in model.named_parameters():
        if "embed_positions" not in name:
            torch.nn.init.normal_(p, 1 if "norm.weight" in name else 0, 0.3)
    return model.eval()


def layer_of(name):
    """Depth from the top: 0 the last layer and the norm after it; None: the head."""
    if name.startswith(("projector", "classifier", "layer_weights")):
        return None
    if name.startswith("encoder.layer_norm."):
        return 0
    return 2 - int(name.split(".")[2]) if name.startswith("encoder.layers.") else 3


torch.manual_seed(2)
x, y = torch.randn(4, 8, 20), torch.tensor([0, 2, 1, 2])
out.update({"net." + k: v.clone() for k, v in fresh().state_dict().items()}, x=x, y=y)

# Two upper layers are trained, three steps, each layer's rate half of that above it.
model = fresh()
groups = {}
for name, p in model.named_parameters():
    depth = layer_of(name)
    p.requires_grad_(depth is None or depth < 2)
    if p.requires_grad:
        groups.setdefault(depth, []).append(p)
optimizer = torch.optim.AdamW([{"params": list_, "lr": 1e-2 if depth is None else 1e-3 * 0.5 ** depth}
                               for depth, list_ in groups.items()], weight_decay=0.01)
for step in range(3):
    optimizer.zero_grad()
    result = model(x, labels=y)
    result.loss.backward()
    out[f"upper.loss.{step}"] = result.loss.detach()
    if step == 0:
        out.update({"upper.grad." + n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
    optimizer.step()
out["upper.logits"] = model(x).logits.detach()

# Adapters on queries and values, as peft has them.
adapted = peft.get_peft_model(fresh(), peft.LoraConfig(r=2, lora_alpha=6, target_modules=["q_proj", "v_proj"]))
adapted.eval()
torch.manual_seed(3)
for name, p in adapted.named_parameters():
    if "lora_" in name:
        torch.nn.init.normal_(p, 0, 0.2)
        plain = name.removeprefix("base_model.model.").replace(".default.weight", "")
        out["lora." + plain.replace("lora_A", "lora_down").replace("lora_B", "lora_up")] = p.detach().clone()
torch.nn.functional.cross_entropy(adapted(x).logits, y).backward()
out["lora.logits"] = adapted(x).logits.detach()
out["lora.grad"] = adapted.base_model.model.encoder.layers[0].self_attn.q_proj.lora_A["default"].weight.grad.clone()
merged = adapted.merge_and_unload().state_dict()
out["lora.merged"] = merged["encoder.layers.1.self_attn.v_proj.weight"].clone()

save_file({k: v.contiguous() for k, v in out.items()}, pathlib.Path(__file__).with_name("finetune.safetensors"))
