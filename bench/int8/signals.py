"""Pictures, lines of text, sounds and ids that look like what the models are made for."""

import functools
import io
import os
import zipfile

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageDraw, ImageFont

from fetch import download

FOLDER = os.environ["QUANTEVO_INT8_FOLDER"]
WORDS = (
    "Invoice total amount 2024 due Street pay order No. 4711 the quick brown fox "
    "jumps over lazy dog Receipt EUR 13.37 date name address signature contract page "
    "of AB12 x9K7 hello world "
).split()
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225])


@functools.cache
def photos() -> list[np.ndarray]:
    """The two photos that scikit-learn ships, as [height, width, 3] of 0 to 255."""
    path = download("pypi", "scikit-learn", "1.9.1", os.path.join(FOLDER, "packages"))
    found = []
    with zipfile.ZipFile(path) as wheel:
        for name in ("china", "flower"):
            data = io.BytesIO(wheel.read(f"sklearn/datasets/images/{name}.jpg"))
            found.append(np.asarray(Image.open(data).convert("RGB")))
    return found


def photo(r: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A piece of one of the photos, perhaps mirrored, darker or brighter, with noise."""
    image = photos()[r.integers(2)]
    full_height, full_width = image.shape[:2]
    cut_height = int(full_height * r.uniform(0.35, 1.0))
    cut_width = min(full_width, int(cut_height * width / height))
    cut_height = min(full_height, int(cut_width * height / width))
    y = r.integers(0, full_height - cut_height + 1)
    x = r.integers(0, full_width - cut_width + 1)
    cut = Image.fromarray(image[y : y + cut_height, x : x + cut_width]).resize((width, height))
    values = np.asarray(cut).astype(np.float32)
    if r.random() < 0.5:
        values = values[:, ::-1]
    values = values * r.uniform(0.7, 1.2) + r.normal(0, 3, values.shape)
    return np.clip(values, 0, 255).astype(np.float32)


def text(
    r: np.random.Generator, height: int, width: int, lines: int = 1, size: int | None = None
) -> np.ndarray:
    """Dark words on bright paper with noise; `size` in pixels, by the lines where it is None."""
    paper = tuple(int(v) for v in r.integers(170, 255, 3))
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for i in range(lines):
        pixels = size or max(10, int(height / lines * r.uniform(0.5, 0.8)))
        at = (int(r.integers(2, 12)), int(i * height / lines + r.integers(0, 4)))
        words = " ".join(r.choice(WORDS, max(1, int(width / pixels / 2))))
        ink = tuple(int(v) for v in r.integers(0, 90, 3))
        draw.text(at, words, font=ImageFont.load_default(pixels), fill=ink)
    noise = r.normal(0, 6, (height, width, 3))
    return np.clip(np.asarray(image).astype(np.float32) + noise, 0, 255).astype(np.float32)


def page(r: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Lines of text, or a photo with text over it."""
    if r.random() < 0.6:
        return text(r, height, width, int(r.integers(4, 12)))
    return np.clip(photo(r, height, width) * 0.6 + text(r, height, width, 4) * 0.4, 0, 255)


def channels_first(image: np.ndarray) -> np.ndarray:
    """[height, width, channels] as [1, channels, height, width]."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None]).astype(np.float32)


def minus_one_to_one(image: np.ndarray) -> np.ndarray:
    return channels_first(image / 127.5 - 1)


def imagenet(image: np.ndarray) -> np.ndarray:
    """Normalized by mean and deviation of ImageNet's channels."""
    return channels_first((image / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION)


def gray(image: np.ndarray) -> np.ndarray:
    return image.mean(-1)[None, None].astype(np.float32)


def audio(r: np.random.Generator, length: int, rate: int = 16000) -> np.ndarray:
    """Harmonics below three formants, swelling and fading, with noise: something like speech."""
    time = np.arange(length) / rate
    lowest = 90 + 120 * r.random()
    steps = np.cumsum(r.normal(0, 1, length // 400 + 1)).repeat(400)[:length]
    pitch = lowest + 20 * steps / 10
    phase = 2 * np.pi * np.cumsum(np.clip(pitch, 60, 400)) / rate
    formants = [r.uniform(300, 900), r.uniform(900, 2300), r.uniform(2300, 3200)]
    sound = np.zeros(length)
    for k in range(1, 25):
        frequency = k * np.mean(pitch)
        wave = np.sin(k * phase)
        sound += sum(np.exp(-(((frequency - f) / 150) ** 2)) for f in formants) * wave + 0.02 * wave
    knots = np.linspace(0, max(time[-1], 1e-3), 12)
    envelope = np.clip(np.interp(time, knots, r.random(12) * 1.6 - 0.4), 0, 1)
    noise = r.normal(0, 10 ** r.uniform(-3.5, -1.5), length)
    sound = sound / (np.abs(sound).max() + 1e-6) * envelope + noise
    return (sound * 0.3 * r.uniform(0.3, 1)).astype(np.float32)


def speech_chunk(r: np.random.Generator, length: int) -> np.ndarray:
    """A short piece from the middle of a sound, as [1, length]."""
    return audio(r, 8000)[2000 : 2000 + length][None]


def state(r: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The state of a recurrent layer."""
    return r.normal(0, 0.4, shape).astype(np.float32)


@functools.cache
def session_of(name: str) -> ort.InferenceSession:
    return ort.InferenceSession(os.path.join(FOLDER, "models", f"{name}.onnx"))


def mel(r: np.random.Generator, seconds: float = 2.2) -> np.ndarray:
    """A mel spectrogram as the wake words take it, [frames, 32]."""
    sound = audio(r, int(16000 * seconds))[None] * 32767
    return np.squeeze(session_of("oww_melspec").run(None, {"input": sound})[0]) / 10 + 2


def mel_windows(spectrogram: np.ndarray, count: int) -> np.ndarray:
    """Windows of 76 frames, 8 frames apart, [count, 76, 32, 1]."""
    windows = [spectrogram[i * 8 : i * 8 + 76] for i in range(count)]
    return np.stack(windows)[..., None].astype(np.float32)


def embeddings(r: np.random.Generator, count: int) -> np.ndarray:
    """Embeddings of a sound, as the wake words take them, [1, count, 96]."""
    windows = mel_windows(mel(r, (76 + 8 * (count + 1)) / 100 + 0.1), count)
    return session_of("oww_embedding").run(None, {"input_1": windows})[0].reshape(1, count, 96)


def ids(r: np.random.Generator, shape, end: int, start: int = 1) -> np.ndarray:
    """Ids from start to below end, the small ones most often."""
    return np.minimum(end - 1, start + r.exponential(end / 6, shape).astype(np.int64))


def file_bytes(r: np.random.Generator) -> np.ndarray:
    """First and last 1024 bytes of prose, of random bytes or of code, [1, 2048]."""
    kind = r.integers(3)
    if kind == 0:
        data = " ".join(r.choice(WORDS, 900)).encode()
    elif kind == 1:
        data = bytes(r.integers(0, 256, 3000).astype(np.uint8))
    else:
        lines = [
            "  " * int(r.integers(4)) + f"def {word}(self): return {{{word}}}"
            for word in r.choice(WORDS, 200)
        ]
        data = "\n".join(lines).encode()
    data = data[:4096]
    ends = [data[:1024].ljust(1024, b" "), data[-1024:]]
    return np.concatenate([np.frombuffer(e, np.uint8) for e in ends]).astype(np.int32)[None]


def brain_waves(r: np.random.Generator) -> dict[str, np.ndarray]:
    """30 s at 250 Hz, with spindles of 13 Hz now and then, and 15 bands of it."""
    noise = np.convolve(r.normal(0, 1, 7500), np.ones(5) / 3, "same") * r.uniform(0.6, 1.5)
    spindles = np.sin(np.arange(7500) * 2 * np.pi * 13 / 250)
    signal = noise + spindles * (r.random(7500 // 500).repeat(500) > 0.7)
    window = np.hanning(251)
    bands = [
        np.convolve(
            signal, np.cos(2 * np.pi * f * np.arange(-125, 126) / 250) * window / 60, "same"
        )
        for f in range(1, 16)
    ]
    return {
        "raw_signal": signal[None, None].astype(np.float32),
        "spectrogram": np.abs(np.stack(bands))[None].astype(np.float32),
    }
