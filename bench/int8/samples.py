"""Keeps samples as data/NAME/{calib,test}.{json,bin}: JSON for the shapes, raw tensors beside."""

import json
import os

import numpy as np

Sample = dict[str, np.ndarray]
ALIGNMENT = 8


def save(folder: str, name: str, part: str, samples: list[Sample]) -> None:
    """Writes the samples of a model; each tensor begins at a multiple of 8 bytes."""
    target = os.path.join(folder, "data", name)
    os.makedirs(target, exist_ok=True)
    offset = 0
    index = []
    with open(os.path.join(target, f"{part}.bin"), "wb") as file:
        for sample in samples:
            entry = {}
            for key, value in sample.items():
                data = np.ascontiguousarray(value).tobytes()
                padding = -len(data) % ALIGNMENT
                entry[key] = {
                    "dtype": str(value.dtype),
                    "dims": list(value.shape),
                    "offset": offset,
                    "length": len(data),
                }
                file.write(data + b"\0" * padding)
                offset += len(data) + padding
            index.append(entry)
    with open(os.path.join(target, f"{part}.json"), "w") as file:
        json.dump(index, file)


def load(folder: str, name: str, part: str) -> list[Sample]:
    """Reads what `save` wrote."""
    source = os.path.join(folder, "data", name)
    with open(os.path.join(source, f"{part}.bin"), "rb") as file:
        data = file.read()
    with open(os.path.join(source, f"{part}.json")) as file:
        index = json.load(file)
    return [
        {
            key: np.frombuffer(
                data[entry["offset"] : entry["offset"] + entry["length"]], entry["dtype"]
            ).reshape(entry["dims"])
            for key, entry in sample.items()
        }
        for sample in index
    ]
