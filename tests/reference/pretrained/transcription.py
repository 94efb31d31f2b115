"""A tiny random Whisper, what openai-whisper writes with it, and its logits, which transformers gives, too.

    python3 tests/reference/pretrained/transcription.py          # openai-whisper 20250625, torch, transformers

The vocabulary is the beginning of OpenAI's: 512 tokens of text. The sound is made of tones by a formula, as the test
makes it.
"""
import json
import math
import os

import numpy as np
import tiktoken
import torch
import whisper
from transformers import WhisperConfig, WhisperForConditionalGeneration
from whisper.model import ModelDimensions, Whisper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transcription")
WORDS, LANGUAGES, RATE = 512, 99, 16000
LINES = open(os.path.join(os.path.dirname(whisper.__file__), "assets/multilingual.tiktoken")).read().split("\n")[:WORDS]
RENAMED = [("positional_embedding", "embed_positions.weight"), (".blocks.", ".layers."),
           ("token_embedding", "embed_tokens"), ("encoder.ln_post.", "encoder.layer_norm."),
           ("decoder.ln.", "decoder.layer_norm."), (".cross_attn.", ".encoder_attn."),
           (".cross_attn_ln.", ".encoder_attn_layer_norm."), (".attn.", ".self_attn."),
           (".attn_ln.", ".self_attn_layer_norm."), (".query.", ".q_proj."), (".key.", ".k_proj."),
           (".value.", ".v_proj."), (".out.", ".out_proj."), (".mlp.0.", ".fc1."), (".mlp.2.", ".fc2."),
           (".mlp_ln.", ".final_layer_norm.")]


def encoding(**_):
    ranks = {__import__("base64").b64decode(word): int(rank) for word, rank in (line.split() for line in LINES)}
    names = ["<|endoftext|>", "<|startoftranscript|>"]
    names += [f"<|{code}|>" for code in list(whisper.tokenizer.LANGUAGES)[:LANGUAGES]]
    names += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    names += [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    pattern = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
    return tiktoken.Encoding(name="tiny", explicit_n_vocab=WORDS + len(names), pat_str=pattern, mergeable_ranks=ranks,
                             special_tokens={name: WORDS + i for i, name in enumerate(names)})


def model_of(dims):
    torch.manual_seed(7)
    model = Whisper(dims).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:
                p.normal_(0, 1.0 / math.sqrt(p[0].numel()) * (2.2 if "decoder" in name else 1.2))
            elif "bias" in name:
                p.normal_(0, 0.3)
        model.decoder.token_embedding.weight.normal_(0, 0.9)
        model.decoder.positional_embedding.normal_(0, 4)
        tokens, first = model.decoder.token_embedding.weight, WORDS + 8 + LANGUAGES
        tokens[first:] *= 0.74          # timestamps are many: each is a little less likely
        tokens[WORDS + 1:first] *= 0.2  # nor do special tokens come within a text
        tokens[WORDS] = 1.02 * tokens[140]  # so that texts end
        for p in [*model.parameters(), model.encoder.positional_embedding]:
            p.copy_(p.half().float())
    return model


def sound(seconds):
    n = np.arange(int(seconds * RATE))
    second = n // RATE
    pitch = 200 + 170 * (second * 5 % 11)
    loud = 0.1 + 0.2 * (second % 3 == 0)
    return (loud * np.sin(2 * np.pi * pitch * (n % RATE) / RATE)).astype(np.float32)


def exact_mel(samples):
    """whisper.log_mel_spectrogram with a transform in double precision, as the engine's."""
    x = torch.stft(torch.from_numpy(samples).double(), 400, 160, window=torch.hann_window(400, dtype=torch.float64),
                   return_complex=True)[..., :-1].abs() ** 2
    x = (whisper.audio.mel_filters("cpu", 80).double() @ x).clamp(min=1e-10).log10()
    return ((x.maximum(x.max() - 8) + 4) / 4).float()


def transformers_logits(model, dims, mel, ids):
    config = WhisperConfig(vocab_size=dims.n_vocab, num_mel_bins=80, d_model=dims.n_audio_state, encoder_layers=2,
        decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=4 * dims.n_audio_state,
        decoder_ffn_dim=4 * dims.n_audio_state, pad_token_id=0, bos_token_id=0, eos_token_id=0,
        decoder_start_token_id=0)
    other, state = WhisperForConditionalGeneration(config).eval(), {}
    for name, value in model.state_dict().items():
        for ours, theirs in RENAMED:
            name = name.replace(ours, theirs)
        state["model." + name] = value
    missing, unexpected = other.load_state_dict(state, strict=False)
    assert missing == ["proj_out.weight"] and not unexpected, (missing, unexpected)
    other.tie_weights()
    return other(mel, decoder_input_ids=ids).logits


def plain(result):
    return {"language": result["language"], "text": result["text"].strip(), "segments": [
        {key: s[key] for key in ("start", "end", "tokens", "avg_logprob", "no_speech_prob", "compression_ratio")}
        for s in result["segments"] if s["text"].strip()]}


CASES = {
    "greedy": {},
    "english": {"english": True},
    "beams": {"beam_size": 4, "patience": 1.5, "language": "de"},
    "penalty": {"beam_size": 3, "length_penalty": 0.4, "language": "ja", "task": "translate"},
    "no_timestamps": {"without_timestamps": True, "language": "en"},
    "prompt": {"initial_prompt": "It's 12 o'clock - naïve", "condition_on_previous_text": False, "language": "en"},
    "silence": {"language": "en", "no_speech_threshold": 0.0, "logprob_threshold": -0.965},
}


def main():
    os.makedirs(OUT, exist_ok=True)
    whisper.tokenizer.get_encoding = encoding
    dims = ModelDimensions(n_mels=80, n_audio_ctx=1500, n_audio_state=16, n_audio_head=2, n_audio_layer=2,
                           n_vocab=WORDS + 8 + LANGUAGES + 1501, n_text_ctx=448, n_text_state=16, n_text_head=2,
                           n_text_layer=2)
    model = model_of(dims)
    Whisper.num_languages = LANGUAGES
    half = {name: value.half() for name, value in model.state_dict().items()}
    torch.save({"dims": dims.__dict__, "model_state_dict": half}, f"{OUT}/tiny.pt")
    open(f"{OUT}/tiny.tiktoken", "w").write("\n".join(LINES) + "\n")

    mel = exact_mel(sound(30))[None]
    ids = torch.tensor([[513, 514, 614, 619, 100, 200, 300, 700]])
    with torch.no_grad():
        logits = model.logits(ids, model.encoder(mel))
        assert (logits - transformers_logits(model, dims, mel, ids)).abs().max() < 1e-4
    np.save(f"{OUT}/logits.npy", logits[0, -2:].numpy())

    cases = {}
    for name, given in CASES.items():
        options = {"temperature": 0.0, "compression_ratio_threshold": None, "logprob_threshold": None,
                   "no_speech_threshold": None, "fp16": False, **given}
        Whisper.is_multilingual = not options.pop("english", False)
        cases[name] = {"options": given, **plain(model.transcribe(sound(70), **options))}
        print(name, cases[name]["language"], [(s["start"], s["end"], len(s["tokens"]), round(s["avg_logprob"], 2),
              round(s["no_speech_prob"], 3)) for s in cases[name]["segments"]][:12])
    Whisper.is_multilingual = True
    _, probabilities = model.detect_language(whisper.log_mel_spectrogram(sound(70))[None, :, :3000])
    likeliest = sorted(probabilities[0].items(), key=lambda pair: -pair[1])[:5]
    texts = ["It's 9 o'clock, we'll go.  Two  spaces   three   ", "naïve Ελληνικά русский 12½ ²³ x", "日本語「括弧」 हिन्दी ภาษาไทย",
             " tab\there\n\nlines \u00a0 \u2028 ١٢٣ 😀👍🏽"]
    tokens = [whisper.tokenizer.get_tokenizer(True).encode(text) for text in texts]
    forbidden = list(whisper.tokenizer.get_tokenizer(True).non_speech_tokens)
    json.dump({"cases": cases, "languages": dict(likeliest), "texts": texts, "tokens": tokens, "non_speech": forbidden},
              open(f"{OUT}/expected.json", "w"), ensure_ascii=False)


main()
