"""One block: a piece of text to its two coded sections, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from acgz import sequence
from acgz.codecs import registry
from acgz.codecs.base import JSON, Work
from acgz.codecs.modes import Mode
from acgz.container.format import BlockHeader
from acgz.container.meter import Meter
from acgz.errors import DamagedError, LimitError, MissingModelError

DEFAULT_BLOCK_SIZE = 512 << 20
"""Bytes of text. Most genomes are one block; larger ones still decode in a few GB of memory."""
LEAST_BLOCK_SIZE = 16


@dataclass(frozen=True)
class Recipe:
    """How to compress: a codec and its settings, and the length of blocks in bytes of text."""

    codec: str
    settings: Mapping[str, JSON] = field(default_factory=dict)
    block_size: int = DEFAULT_BLOCK_SIZE

    @classmethod
    def of_mode(cls, mode: Mode, settings: Mapping[str, JSON], block_size: int) -> Recipe:
        return cls(mode.codec, {**mode.settings, **settings}, block_size)


@dataclass(frozen=True)
class Block:
    """A block as it is stored: its header and its sections."""

    header: BlockHeader
    layout: bytes
    residues: bytes
    """The codec's payload; b"" if the text has no residues."""


def encode_block(
    text: bytes, recipe: Recipe, work: Work, meter: Meter, *, checksum: bool = True
) -> Block:
    """Code ``text``, at least one byte. ``checksum``: False leaves out the CRC-32 of the text."""
    parts = sequence.split(text)
    count = parts.residues.size
    meter.start_block(len(text), count)
    parameters: Mapping[str, JSON] = {}
    payload = b""
    if count:
        codec = registry.get(recipe.codec)
        parameters, payload = codec.encode(parts.residues, recipe.settings, work)
    header = BlockHeader(
        text_size=len(text),
        text_crc=zlib.crc32(text) if checksum else None,
        layout_size=len(parts.layout),
        residue_count=count,
        residues_size=len(payload),
        codec=recipe.codec if count else "",
        parameters=parameters,
    )
    meter.finish_block()
    return Block(header, parts.layout, payload)


def decode_block(block: Block, work: Work, meter: Meter) -> bytes:
    """The text of a block.

    Raises DamagedError, LimitError, VersionError (unknown codec) and MissingModelError.
    """
    header = block.header
    _check_memory(header, work)
    meter.start_block(header.text_size, header.residue_count)
    residues = np.zeros(0, dtype=np.uint8)
    if header.residue_count:
        _check_needs(header)
        codec = registry.get(header.codec)
        residues = codec.decode(block.residues, header.parameters, header.residue_count, work)
    text = _checked(sequence.join(residues, block.layout, max_size=header.text_size), header)
    if header.text_crc is not None and zlib.crc32(text) != header.text_crc:
        raise DamagedError("wrong checksum of a decoded block")
    meter.finish_block()
    return text


def outline(block: Block, work: Work) -> bytes:
    """The text of a block with A for every base: enough to list its records, and quick."""
    header = block.header
    _check_memory(header, work)
    text = sequence.outline(header.residue_count, block.layout, max_size=header.text_size)
    return _checked(text, header)


def _checked(text: bytes, header: BlockHeader) -> bytes:
    if len(text) != header.text_size:
        raise DamagedError(f"a block restores {len(text):,} bytes instead of {header.text_size:,}")
    return text


def _check_memory(header: BlockHeader, work: Work) -> None:
    """LimitError if decoding the block needs more than `Work.memory_limit`, codec aside."""
    needed = header.text_size + header.residue_count + header.stored_size
    if needed > work.memory_limit:
        raise LimitError(
            f"a block needs {needed:,} bytes of memory (or is damaged); "
            f"{work.memory_limit:,} are allowed: raise the memory limit if you trust the file"
        )


def _check_needs(header: BlockHeader) -> None:
    """MissingModelError if a model is not installed, or if the block needs a reference."""
    needs = header.needs
    if header.parameters.get("reference"):
        raise MissingModelError(f"the archive needs {needs[-1].hex()}, which is not installed")
    if needs:
        from acgz import models

        for digest in needs:
            models.locate(digest)
