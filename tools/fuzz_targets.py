"""What is attacked: functions of bytes that may raise errors of acgz, and nothing else.

A target that returns has found the bytes acceptable; what it restores is compared with what was
compressed wherever that is known.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from paths import HELPERS

sys.path[:0] = map(str, HELPERS)

import msgpack
import numpy as np
from numpy.typing import NDArray

import acgz
from acgz import layout, models, modes
from acgz.codec import Coded, Job, decode, encode
from acgz.coding import streams
from acgz.errors import AcgzError
from acgz.layout import text as header_lines
from acgz.modes import MODES

MEMORY_LIMIT = 1 << 24
"""Bytes. Inputs are tiny: what wants more shall be refused."""


class WrongError(Exception):
    """A promise is broken: other bytes came back, or what must not be."""


def archive(data: bytes) -> None:
    """Decompress, list and read: an archive from a stranger."""
    with contextlib.suppress(AcgzError):
        acgz.decompress(data, memory_limit=MEMORY_LIMIT)
    with (
        contextlib.suppress(AcgzError),
        acgz.open(io.BytesIO(data), memory_limit=MEMORY_LIMIT) as opened,
    ):
        for record in opened:
            str(record)


def layout_section(data: bytes) -> None:
    """Byte 0: how many residues; byte 1: how large the text may be; then the layout."""
    count, most = data[0] if data else 0, 16 * data[1] if len(data) > 1 else 0
    residues = (np.arange(count) % 4).astype(np.uint8)
    for make in (
        lambda: layout.join(residues, data[2:], max_size=most),
        lambda: layout.outline(count, data[2:], max_size=most),
    ):
        try:
            text = make()
        except AcgzError:
            continue
        if len(text) > most:
            raise WrongError(f"{len(text)} bytes where {most} are allowed")


def text(data: bytes) -> None:
    """Any bytes come back, and their records do not depend on the length of blocks."""
    blocks = (16 + data[0] if data else 16, 1 << 20)
    lists = []
    for block in blocks:
        packed = acgz.compress(data, "twobit", block=block)
        if acgz.decompress(packed) != data:
            raise WrongError("the text does not come back")
        with acgz.open(io.BytesIO(packed)) as opened:
            lists.append([(record.name, str(record)) for record in opened])
    if lists[0] != lists[1]:
        raise WrongError(f"records depend on the block: {lists}")


class _Fixed:
    """A predictor for the fuzzing of the coder: the same frequencies all the time."""

    precision = 16

    def __init__(self, frequencies: list[int]) -> None:
        self.alphabet = len(frequencies)
        self._rows = np.array([frequencies], np.uint32)

    def frequencies(self) -> NDArray[np.uint32]:
        return self._rows

    def update(self, symbols: NDArray[np.integer[Any]]) -> None:
        pass


_FREQUENCIES = ([1 << 14] * 4, [65533, 1, 1, 1], [1, 65535], [0, 1 << 15, 0, 1 << 15])
_MANY = 240
"""From this first byte on there may be as many symbols as a byte holds."""


def range_coder(data: bytes) -> None:
    """Byte 0: which frequencies, and whether there may be many symbols; byte 1: how many; then the
    stream.

    What decodes encodes to a stream that decodes to the same.
    """
    kind, count = (*data[:2], 0, 0)[:2]
    frequencies = _FREQUENCIES[kind % len(_FREQUENCIES)]
    if kind < _MANY:
        count %= 32  # time goes into symbols: few of them are as good, and are quick
    try:
        symbols = streams.decode(data[2:], count, _Fixed(frequencies), 1)
    except AcgzError:
        return
    again = streams.encode(symbols, _Fixed(frequencies), 1)
    if streams.decode(again, count, _Fixed(frequencies), 1).tolist() != symbols.tolist():
        raise WrongError("the symbols do not come back")


def codec(data: bytes) -> None:
    """A list of a codec's name, parameters, payload, number of residues."""
    name, parameters, payload, count = msgpack.unpackb(data, strict_map_key=False)
    limit = modest_limit(name)
    try:
        residues = decode(modes.get_codec(name), Coded(parameters, payload), count, Job(2, limit))
    except AcgzError:
        return
    if residues.shape != (count,) or residues.dtype != np.uint8 or (residues > 3).any():
        raise WrongError("what is decoded are no residues")


def modest_limit(name: str) -> int:
    """Bytes that decoding a tiny block of that codec may take."""
    return MEMORY_LIMIT + 2 * _needed.get(name, 0)


_needed: dict[str, int] = {}
_MEMORY = "/dev/shm"
_folder = tempfile.TemporaryDirectory(
    prefix="acgz-fuzz-",
    dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None,  # a disk is a hundred times slower
    ignore_cleanup_errors=True,
)


def model(data: bytes) -> None:
    """The file of a model: read, and taken for one of every system."""
    path = Path(_folder.name) / "model.safetensors"
    path.write_bytes(data)
    try:
        models.read(path)
    except AcgzError:
        return
    for name, mode in _LOADED.items():
        try:
            encode(
                modes.get_codec(MODES[name].codec),
                np.zeros(9, np.uint8),
                {**MODES[name].settings, **mode, "model": str(path)},
            )
        except AcgzError:
            continue


_LOADED: dict[str, Mapping[str, Any]] = {}
"""Modes that read a model, and the other settings with which they are quick."""


def region(data: bytes) -> None:
    """What a person may type after `acgz extract ARCHIVE`."""
    from acgz.regions import Resolver

    archive = _regions()
    try:
        found = list(Resolver(archive.contents).regions(data.decode("utf-8", "surrogateescape")))
    except AcgzError:
        return
    for region in found:
        if not 0 <= region.start <= region.stop <= len(archive[region.record]):
            raise WrongError(f"it is {region}")


_opened: list[acgz.Archive] = []


def _regions() -> acgz.Archive:
    if not _opened:
        packed = acgz.compress(b">a\nACGTACGT\n>b:1-2\nACGT\n>{c}\nAC\n>empty\n", "twobit")
        _opened.append(acgz.open(io.BytesIO(packed)))
    return _opened[0]


def wrong_archive(data: bytes) -> None:
    """A list of an archive whose checksums fit, and of the one text that it may restore."""
    packed, right = msgpack.unpackb(data)
    try:
        restored = acgz.decompress(packed, memory_limit=MEMORY_LIMIT)
    except AcgzError:
        restored = right
    if restored != right:
        raise WrongError("an archive restores something else")
    archive(packed)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "archive": archive,
    "layout": layout_section,
    "text": text,
    "range-coder": range_coder,
    "model": model,
    "region": region,
    "codec": codec,
    "wrong-archive": wrong_archive,
}


@dataclass(frozen=True)
class Block:
    """What a codec wrote."""

    codec: str
    coded: Coded
    count: int


class NoPatch:
    """In the place of pytest's monkeypatch: what it changes stays."""

    def setattr(self, target: Any, name: Any, value: Any = None, raising: bool = True) -> None:
        if isinstance(target, str):
            module, _, attribute = target.rpartition(".")
            setattr(importlib.import_module(module), attribute, name)
        else:
            setattr(target, name, value)

    def setenv(self, name: str, value: str) -> None:
        os.environ[name] = value


def read_primers_once() -> None:
    """From now on header lines are coded after a copy of a model that has read the primer.

    Reading it again for every tiny input is most of the time; what is coded does not change.
    """
    right = header_lines._code
    known: dict[int, list[tuple[Any, NDArray[Any]]]] = {}

    def code(bits: Any, mixer: Any, past: Any, history: Any, start: int, lines: int) -> int:
        size = mixer.slots.size
        if start or size > _LARGEST_KEPT:  # the primer begins at 0, lines behind it
            return int(right(bits, mixer, past, history, start, lines))
        state = [
            part for part in (*mixer, *past[:-1], *past.guesses) if isinstance(part, np.ndarray)
        ]
        if size in known:
            for part, (places, values) in zip(state, known[size], strict=True):
                part.reshape(-1)[places] = values
            return int(history.size)
        fresh = [part.copy() for part in state]
        end = int(right(bits, mixer, past, history, start, lines))
        known[size] = [_change(one, new) for one, new in zip(fresh, state, strict=True)]
        return end

    header_lines._code = code


def _change(old: NDArray[Any], new: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
    """Places of an array, and what they hold now: the few that have changed, or all."""
    places = np.flatnonzero(old != new)
    if places.size * 8 < new.size:
        return places, new.reshape(-1)[places]
    return slice(None), new.reshape(-1).copy()


_LARGEST_KEPT = 1 << 19
"""Slots of a model that is copied: those of tiny texts."""


def blocks(counts: tuple[int, ...] = (1, 40, 130), patch: Any = None) -> list[Block]:
    """Small blocks of every mode, with tiny models; of every codec two modes at least.

    Of the engine also some that repeat themselves.

    ``patch``: pytest's monkeypatch, or what stands in for it.
    """
    from codec_checks import orderly, quick_settings

    folder = Path(_folder.name) / "models"
    folder.mkdir(exist_ok=True)
    patch = patch or NoPatch()
    patch.setenv("ACGZ_MODELS", str(folder))
    found = []
    for mode in _few_modes():
        quick = quick_settings(mode, folder, patch)
        if "model" in quick:
            _LOADED[mode.name] = {key: value for key, value in quick.items() if key != "model"}
        chosen = modes.get_codec(mode.codec)
        sources = [orderly(count) for count in counts]
        if mode.codec == "engine":
            sources += [_alike(), _strains()]
        for residues in sources:
            coded = encode(chosen, residues, {**mode.settings, **quick})
            found.append(Block(mode.codec, coded, residues.size))
            needed = chosen.memory(coded.parameters, residues.size)
            _needed[mode.codec] = max(needed, _needed.get(mode.codec, 0))
    return found


def _alike() -> NDArray[np.uint8]:
    """Twenty sequences that differ in a residue: most of it is coded in stretches."""
    draw = np.random.default_rng(5)
    rows = np.tile(draw.integers(0, 4, 100).astype(np.uint8), (20, 1))
    for row in rows[1:]:
        row[draw.integers(60, 80)] ^= 1
    return rows.ravel()


def _strains() -> NDArray[np.uint8]:
    """Two kinds of sequence in turn: copies say different things, one of them in stretches."""
    draw = np.random.default_rng(6)
    rows = np.tile(draw.integers(0, 4, 240).astype(np.uint8), (16, 1))
    rows[1::2, 20::24] ^= 1
    return rows.ravel()


def _few_modes() -> list[modes.Mode]:
    """All modes, but of a family of many the first, the last, and one in three."""
    found = []
    for name in modes.CODECS:
        own = [mode for mode in MODES.values() if mode.codec == name]
        found += own if len(own) < 6 else own[::4]
    torch = importlib.util.find_spec("torch") is not None
    return [mode for mode in found if torch or "PyTorch" not in mode.summary]
