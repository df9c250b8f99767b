"""Compresses with every mode that needs no PyTorch; prints a digest of each archive as JSON.

Arguments: a text and the folder of golden archives. Restores each archive, and every golden one.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import acgz
from acgz.modes import MODES


def main(text_path: str, golden: str) -> None:
    text = Path(text_path).read_bytes()
    digests = {}
    for name, mode in MODES.items():
        if not mode.fits:
            archive = acgz.compress(text, name)
            assert acgz.decompress(archive) == text, name
            digests[name] = hashlib.sha256(archive).hexdigest()
    for name, made in json.loads((Path(golden) / "manifest.json").read_text()).items():
        restored = acgz.decompress((Path(golden) / f"{name}.acgz").read_bytes())
        assert hashlib.sha256(restored).hexdigest() == made["sha256"], name
    compilers = {"numba", "llvmlite"} & set(sys.modules)
    print(json.dumps({"archives": digests, "compilers": sorted(compilers)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
