"""One block: a piece of text to its two coded sections, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from acgz import layout
from acgz.codec import Codec, Coded, Job, allow, decode
from acgz.container.format import BlockHeader
from acgz.errors import DamagedError, MissingModelError, UsageError
from acgz.modes import DEFAULT_MODE, get_codec, get_mode
from acgz.settings import Settings

DEFAULT_BLOCK_SIZE = 512 << 20
"""Bytes of text. Most genomes are one block; larger ones still decode in a few GB of memory."""
LEAST_BLOCK_SIZE = 16


@dataclass(frozen=True)
class Recipe:
    """How to compress: a codec and its settings, and the length of blocks in bytes of text."""

    codec: Codec
    settings: Settings
    block_size: int = DEFAULT_BLOCK_SIZE

    @classmethod
    def of(
        cls,
        mode: str = DEFAULT_MODE,
        settings: Mapping[str, Any] = MappingProxyType({}),
        block_size: int = DEFAULT_BLOCK_SIZE,
    ) -> Recipe:
        """A mode with some settings changed; UsageError for what there is not."""
        found = get_mode(mode)
        codec = get_codec(found.codec)
        chosen = codec.settings.of({**found.settings, **settings}, codec.name)
        if block_size < LEAST_BLOCK_SIZE:
            raise UsageError(f"a block has at least {LEAST_BLOCK_SIZE} bytes")
        return cls(codec, chosen, block_size)


@dataclass(frozen=True)
class Block:
    """A block as it is stored: its header and its sections."""

    header: BlockHeader
    layout: bytes
    residues: bytes
    """The codec's payload; b"" if the text has no residues."""


def encode_block(text: bytes, recipe: Recipe, job: Job, *, checksum: bool = True) -> Block:
    """Code ``text``, at least one byte. ``checksum``: False leaves out the CRC-32 of the text."""
    parts = layout.split(text)
    count = parts.residues.size
    job.progress.start_block(len(text), count)
    coded = Coded({}, b"")
    if count:
        coded = recipe.codec.encode(parts.residues, recipe.settings, job)
    header = BlockHeader(
        text_size=len(text),
        text_crc=zlib.crc32(text) if checksum else None,
        layout_size=len(parts.layout),
        residue_count=count,
        residues_size=len(coded.payload),
        codec=recipe.codec.name if count else "",
        parameters=coded.parameters,
    )
    job.progress.finish_block()
    return Block(header, parts.layout, coded.payload)


def decode_block(block: Block, job: Job) -> bytes:
    """The text of a block.

    Raises DamagedError, LimitError, VersionError (unknown codec) and MissingModelError.
    """
    header = block.header
    _check_memory(header, job)
    job.progress.start_block(header.text_size, header.residue_count)
    residues = np.zeros(0, dtype=np.uint8)
    if header.residue_count:
        _check_needs(header)
        coded = Coded(header.parameters, block.residues)
        residues = decode(get_codec(header.codec), coded, header.residue_count, job)
    text = layout.join(residues, block.layout, max_size=header.text_size, job=job)
    text = _checked(text, header)
    if header.text_crc is not None and zlib.crc32(text) != header.text_crc:
        raise DamagedError("wrong checksum of a decoded block")
    job.progress.finish_block()
    return text


def outline(block: Block, job: Job) -> bytes:
    """The text of a block with A for every base: enough to list its records, and quick."""
    header = block.header
    _check_memory(header, job)
    text = layout.outline(header.residue_count, block.layout, max_size=header.text_size, job=job)
    return _checked(text, header)


def _checked(text: bytes, header: BlockHeader) -> bytes:
    if len(text) != header.text_size:
        raise DamagedError(f"a block restores {len(text):,} bytes instead of {header.text_size:,}")
    return text


def _check_memory(header: BlockHeader, job: Job) -> None:
    """LimitError if decoding the block needs more than `Job.memory_limit`, codec aside."""
    allow(header.text_size + header.residue_count + header.stored_size, job)


def _check_needs(header: BlockHeader) -> None:
    """MissingModelError if a model is not installed, or if the block needs a reference."""
    needs = header.needs
    if header.parameters.get("reference"):
        raise MissingModelError(f"the archive needs {needs[-1].hex()}, which is not installed")
    if needs:
        from acgz import models

        for digest in needs:
            models.locate(digest)
