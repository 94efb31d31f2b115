"""Opens a folder with transformers, without a weight too many or too few, and prints what it says of an input.

    python opens.py FOLDER x.npy       # prints {"labels": [...], "logits": [...], "problem": ...}
"""
import json
import sys

import numpy
import torch
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

folder = sys.argv[1]
config = AutoConfig.from_pretrained(folder)
model, info = AutoModelForAudioClassification.from_pretrained(folder, output_loading_info=True)
info["missing_keys"] = [k for k in info["missing_keys"] if not k.endswith("masked_spec_embed")]  # for pretraining only
wrong = {k: sorted(map(str, v)) for k, v in info.items() if v and k.endswith("_keys")}
assert not wrong, wrong
x = torch.from_numpy(numpy.load(sys.argv[2]))
with torch.no_grad():
    logits = model.eval()(x).logits[0].double().tolist()
print(json.dumps({"labels": [config.id2label[i] for i in range(len(logits))], "logits": logits,
                  "problem": config.problem_type}))
