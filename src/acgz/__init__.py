"""acgz: a lossless compressor for genome sequences.

>>> import acgz
>>> archive = acgz.compress(b">chr1\\nACGT\\n", mode="twobit")
>>> acgz.decompress(archive)
b'>chr1\\nACGT\\n'

Importing the package imports nothing heavy: NumPy comes when something is compressed or
decompressed, PyTorch only when a neural codec is asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from acgz.api import Archive as Archive
    from acgz.api import Fasta as Fasta
    from acgz.api import FastaFile as FastaFile
    from acgz.api import Info as Info
    from acgz.api import Record as Record
    from acgz.api import Sequence as Sequence
    from acgz.api import append as append
    from acgz.api import compress as compress
    from acgz.api import compress_stream as compress_stream
    from acgz.api import create as create
    from acgz.api import decompress as decompress
    from acgz.api import decompress_stream as decompress_stream
    from acgz.api import open as open
    from acgz.api import profile as profile
    from acgz.errors import AcgzError as AcgzError

__version__ = "0.1.0"

__all__ = [
    "AcgzError",
    "Archive",
    "Fasta",
    "FastaFile",
    "Info",
    "Record",
    "Sequence",
    "__version__",
    "append",
    "compress",
    "compress_stream",
    "create",
    "decompress",
    "decompress_stream",
    "open",
    "profile",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'acgz' has no attribute {name!r}")
    if name == "AcgzError":
        from acgz.errors import AcgzError

        return AcgzError
    from acgz import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return __all__
