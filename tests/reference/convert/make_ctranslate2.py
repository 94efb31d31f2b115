"""A small Whisper as CTranslate2 writes it, and in transformers' layout by transformers itself.

    python make_ctranslate2.py          # transformers 5, ctranslate2 4, torch

whisper/: what CTranslate2's converter makes of a model with random weights (model.bin), and tokenizer.json.
whisper.safetensors: the model's own weights, as float16.
"""
import json, os, shutil, tempfile
import ctranslate2, torch
from safetensors.torch import save_file
from transformers import WhisperConfig, WhisperForConditionalGeneration

torch.manual_seed(13)
config = WhisperConfig(vocab_size=30, d_model=8, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_mel_bins=5, max_source_positions=12,
    max_target_positions=7, pad_token_id=1, bos_token_id=1, eos_token_id=1, decoder_start_token_id=2,
    suppress_tokens=[], begin_suppress_tokens=[])
model = WhisperForConditionalGeneration(config).eval()
for value in model.parameters():
    torch.nn.init.normal_(value, std=0.5)
spec = ctranslate2.specs.WhisperSpec(2, 2, 2, 2)
loader = ctranslate2.converters.transformers.WhisperLoader()
loader.set_encoder(spec.encoder, model.model.encoder)
loader.set_decoder(spec.decoder, model.model.decoder)
loader.set_linear(spec.decoder.projection, model.proj_out)
spec.register_vocabulary([str(i) for i in range(30)])
spec.validate()
spec.optimize(quantization='float16')
with tempfile.TemporaryDirectory() as folder:
    spec.save(folder)
    os.makedirs('whisper', exist_ok=True)
    shutil.copy(f'{folder}/model.bin', 'whisper/model.bin')
json.dump({}, open('whisper/tokenizer.json', 'w'))
state = {name: value.half().contiguous() for name, value in model.state_dict().items() if name != 'proj_out.weight'}
save_file(state, 'whisper.safetensors')
print(len(state), 'tensors')
