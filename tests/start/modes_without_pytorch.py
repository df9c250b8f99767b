"""Compresses with every mode that needs no PyTorch; prints a digest of each archive as JSON.

Arguments: a text and the folder of golden archives. Restores each archive, and every golden one.
PyTorch is hidden, so that it does the same where it is installed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import acgz
from acgz.errors import MissingDependencyError
from acgz.modes import MODES


def main(text_path: str, golden: str) -> None:
    sys.modules["torch"] = None  # type: ignore[assignment]
    text = Path(text_path).read_bytes()
    digests = {}
    missing = []
    for name in MODES:
        try:
            archive = acgz.compress(text, name)
        except MissingDependencyError:
            missing.append(name)
            continue
        assert acgz.decompress(archive) == text, name
        digests[name] = hashlib.sha256(archive).hexdigest()
    for name, made in json.loads((Path(golden) / "manifest.json").read_text()).items():
        restored = acgz.decompress((Path(golden) / f"{name}.acgz").read_bytes())
        assert hashlib.sha256(restored).hexdigest() == made["sha256"], name
    compilers = {"numba", "llvmlite"} & set(sys.modules)
    print(json.dumps({"archives": digests, "missing": missing, "compilers": sorted(compilers)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
