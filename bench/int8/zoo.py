"""
Adds the models of a zoo folder to a folder of the bench, with samples and the runtime's own files:
FOLDER/venv/bin/python zoo.py ZOO FOLDER, after prepare.py FOLDER. A sample is 16 images, an
utterance or a window of text.
"""

import os
import shutil
import subprocess
import sys

import numpy as np

from samples import Sample, save

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTS = {"calibration": 24, "test": 8}
PARTS = {"calibration": "calib", "test": "test"}
IMAGES = 16
WINDOW = 128
MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
STD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


def images(zoo: str, part: str) -> list[Sample]:
    pixels = np.load(os.path.join(zoo, "cifar10", f"{part}-images.npy"))
    values = ((pixels / np.float32(255) - MEAN) / STD).astype(np.float32)
    return [{"input": values[IMAGES * i : IMAGES * (i + 1)]} for i in range(COUNTS[part])]


def utterances(zoo: str, part: str) -> list[Sample]:
    features = np.load(os.path.join(zoo, "kws-dscnn", f"{part}-features.npy")).astype(np.float32)
    return [{"mfcc": features[i : i + 1].reshape(1, 1, 49, 10)} for i in range(COUNTS[part])]


def windows(zoo: str, part: str) -> list[Sample]:
    tokens = np.load(os.path.join(zoo, "shakespeare-gpt", f"{part}-tokens.npy")).astype(np.int64)
    return [
        {"tokens": tokens[WINDOW * i : WINDOW * (i + 1)].reshape(1, WINDOW)}
        for i in range(COUNTS[part])
    ]


MODELS = {
    "zoo_resnet20": ("cifar10-resnet20", images),
    "zoo_mobilenetv2": ("cifar10-mobilenetv2", images),
    "zoo_kws_dscnn": ("kws-dscnn", utterances),
    "zoo_shakespeare_gpt": ("shakespeare-gpt", windows),
}


def main() -> None:
    zoo, folder = (os.path.abspath(path) for path in sys.argv[1:3])
    environment = {**os.environ, "QUANTEVO_INT8_FOLDER": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    for name, (source, read) in MODELS.items():
        target = os.path.join(folder, "models", f"{name}.onnx")
        shutil.copyfile(os.path.join(zoo, source, "model.onnx"), target)
        for part, kept in PARTS.items():
            save(folder, name, kept, read(zoo, part))
        peer = [sys.executable, os.path.join(HERE, "peer.py"), name]
        subprocess.check_call(peer, env=environment)


main()
