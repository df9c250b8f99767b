"""Whether two installations of acgz make the same archives: as far as their sources tell."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from acgz import __version__

_WITHOUT = ("cli", "bench")
"""Folders whose code never reaches the bytes of a block."""


@cache
def fingerprint() -> str:
    """The version, and a digest of the code that codes blocks and of the models that come with it.

    >>> fingerprint().startswith(__version__ + "+")
    True
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.suffix in (".py", ".safetensors") and name.parts[0] not in _WITHOUT:
            digest.update(f"{name.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{__version__}+{digest.hexdigest()[:16]}"
