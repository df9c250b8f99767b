"""What a codec says that it needs is what it takes, beyond what the libraries take anyway."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from acgz.codec import decode, encode
from acgz.modes import MODES, Mode, get_codec
from acgz.nets import SYSTEMS
from acgz.nets.architecture import MEMORY
from codec_checks import orderly, quick_settings

COUNT = 40_000
LITTLE = 2 << 20
"""Bytes of Python's own objects."""


@pytest.mark.parametrize(
    "mode",
    [
        mode
        for mode in MODES.values()
        if mode.codec in SYSTEMS and mode.name not in ("geneformer", "deepgeco-ultra")
    ],
    ids=lambda mode: mode.name,
)
def test_decoding_takes_no_more_than_it_says(
    mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The modes left out decode as others do."""
    codec = get_codec(mode.codec)
    many = {"lanes": 4000} if "lanes" in codec.settings.declarations() else {}
    settings = {**mode.settings, **quick_settings(mode, tmp_path, monkeypatch), **many}
    coded = encode(codec, orderly(COUNT), settings)
    decode(codec, coded, COUNT)  # compiles
    tracemalloc.start()
    try:
        decode(codec, coded, COUNT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < codec.memory(coded.parameters, COUNT) - MEMORY + LITTLE
