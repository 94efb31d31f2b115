"""A Whisper of transformers as a file of whisper.cpp: header, filters, words, tensors; matrices in float16, as its own
converter writes them (its convolutions take no other)."""
import struct

import numpy as np

NAMES = [("model.", ""), ("layers.", "blocks."), ("encoder.embed_positions.weight", "encoder.positional_embedding"),
         ("decoder.embed_positions.weight", "decoder.positional_embedding"),
         ("embed_tokens", "token_embedding"), ("self_attn_layer_norm", "attn_ln"), ("self_attn", "attn"),
         ("encoder_attn_layer_norm", "cross_attn_ln"), ("encoder_attn", "cross_attn"), ("final_layer_norm", "mlp_ln"),
         ("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out"), ("fc1", "mlp.0"),
         ("fc2", "mlp.2"), ("encoder.layer_norm", "encoder.ln_post"), ("decoder.layer_norm", "decoder.ln")]


def renamed(name):
    for old, new in NAMES:
        name = name.replace(old, new)
    return name


def write_ggml(model, path):
    c = model.config
    with open(path, "wb") as file:
        file.write(struct.pack("<12i", 0x67676d6c, c.vocab_size, c.max_source_positions, c.d_model,
                               c.encoder_attention_heads, c.encoder_layers, c.max_target_positions, c.d_model,
                               c.decoder_attention_heads, c.decoder_layers, c.num_mel_bins, 1))
        file.write(struct.pack("<2i", c.num_mel_bins, 201) + np.zeros((c.num_mel_bins, 201), np.float32).tobytes())
        words = [b"w%d" % i for i in range(50257)]
        file.write(struct.pack("<i", len(words)) + b"".join(struct.pack("<i", len(w)) + w for w in words))
        for name, tensor in model.state_dict().items():
            if name == "proj_out.weight":
                continue
            data, name = tensor.numpy().astype(np.float32), renamed(name).encode()
            if name in (b"encoder.conv1.bias", b"encoder.conv2.bias"):
                data = data[:, None]
            half = data.ndim > 1 and name.endswith(b"weight")
            data = data.astype(np.float16) if half else data
            file.write(struct.pack("<3i", data.ndim, len(name), half))
            file.write(struct.pack(f"<{data.ndim}i", *reversed(data.shape)) + name + data.tobytes())
