"""Opens a folder with transformers and prints logits of 30 s (or the model's length) of noise that is told by a formula.

    python opens.py FOLDER       # prints {"labels": [...], "logits": [...]}
"""
import json
import sys

import numpy
import torch
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

folder = sys.argv[1]
config = AutoConfig.from_pretrained(folder)
model, info = AutoModelForAudioClassification.from_pretrained(folder, output_loading_info=True)
wrong = {k: sorted(map(str, v)) for k, v in info.items() if v and k in ("missing_keys", "unexpected_keys", "mismatched_keys")}
assert not wrong, wrong
x = torch.from_numpy(numpy.load(sys.argv[2]))
with torch.no_grad():
    logits = model.eval()(x).logits[0].double().tolist()
print(json.dumps({"labels": [config.id2label[i] for i in range(len(logits))], "logits": logits,
                  "problem": config.problem_type}))
