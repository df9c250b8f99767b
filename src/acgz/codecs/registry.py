"""All codecs by name.

The codecs of the package are imported when they are asked for: a `twobit` archive does not
pay for Numba, and nothing but a neural codec pays for PyTorch.
"""

from __future__ import annotations

from importlib import import_module

from acgz.codecs.base import Codec
from acgz.errors import VersionError

_BUILT_IN = {
    "uniform": "acgz.codecs.baselines:UNIFORM",
    "order0": "acgz.codecs.baselines:ORDER0",
    "twobit": "acgz.codecs.twobit:CODEC",
    "mixture": "acgz.codecs.mixture:CODEC",
    "deepgeco": "acgz.codecs.deepgeco:CODEC",
    "geneformer": "acgz.codecs.geneformer:CODEC",
    "deepzip": "acgz.codecs.deepzip:CODEC",
    "seqcoder": "acgz.codecs.seqcoder:CODEC",
}
"""Codec name -> "module:attribute"."""

_registered: dict[str, Codec] = {}


def register(codec: Codec) -> None:
    """Make a codec known under its name; ValueError if the name is taken."""
    if codec.name in _registered or codec.name in _BUILT_IN:
        raise ValueError(f"there is a codec named {codec.name!r} already")
    _registered[codec.name] = codec


def unregister(name: str) -> None:
    """Forget a codec that was added with `register`; KeyError if there is none."""
    del _registered[name]


def get(name: str) -> Codec:
    """The codec of that name; VersionError if this version of acgz has none."""
    if name in _BUILT_IN:
        module, attribute = _BUILT_IN[name].split(":")
        codec: Codec = getattr(import_module(module), attribute)
        return codec
    try:
        return _registered[name]
    except KeyError:
        raise VersionError(
            f"the archive uses the codec {name!r}, which this version of acgz does not have"
        ) from None


def names() -> list[str]:
    """Names of all codecs, sorted.

    >>> "twobit" in names()
    True
    """
    return sorted({*_BUILT_IN, *_registered})
