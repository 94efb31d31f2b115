"""A small VGGish with random weights by torchvggish 0.2, and what it gives.

    python vggish.py       writes vggish/

Its layers are torchvggish's with fewer channels; the files are .pth as torchvggish's are, the PCA in arrays of NumPy.
"""
import os

import numpy as np
import torch
from torch import nn
from torchvggish import torchvggish, vggish_input

import tiny

CHANNELS, HIDDEN, WIDTH = [4, 6, 6, 8, 8, 6], 12, 8


def small():
    """torchvggish's network with these widths."""
    model = torchvggish.VGG(torchvggish.make_layers(), False)
    widths = iter(CHANNELS)
    last = 1
    for i, layer in enumerate(model.features):
        if isinstance(layer, nn.Conv2d):
            model.features[i] = nn.Conv2d(last, last := next(widths), 3, padding=1)
    model.embeddings = nn.Sequential(nn.Linear(24 * last, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
                                     nn.Linear(HIDDEN, WIDTH), nn.ReLU())
    return tiny.randomise(model, seed=3, gain=1.6)


def processor(seed):
    """torchvggish's Postprocessor, whose parameters are made here."""
    generator = np.random.default_rng(seed)
    params = {"pca_eigen_vectors": generator.standard_normal((WIDTH, WIDTH)).astype(np.float32) * 0.1,
              "pca_means": generator.standard_normal(WIDTH).astype(np.float32) * 0.1}
    torchvggish.hub.load_state_dict_from_url = lambda *a, **k: params
    return torchvggish.Postprocessor(), params


path = tiny.folder("vggish")
x = vggish_input.waveform_to_examples(tiny.clip(3.2), 16000).detach()
model = small()
with torch.no_grad():
    embedding = model(x)
    brief = model.bfloat16()(x.bfloat16()).float()
    model = small()
    post, params = processor(5)
    codes = post.postprocess(embedding)
torch.save(model.state_dict(), os.path.join(path, "vggish-tiny.pth"))
torch.save(params, os.path.join(path, "vggish_pca_params-tiny.pth"))
tiny.save(path, "vectors", {"mel": x[:, 0, ::4, ::2], "embedding": embedding, "bfloat16": brief, "codes": codes})
