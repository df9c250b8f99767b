"""One block: a text to its coded sections, and back."""

from __future__ import annotations

import operator
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from acgz import codec as codecs
from acgz import layout, references
from acgz.codec import MEMORY_LIMIT, Codec, Coded, Job, Need, allow, decode, needed
from acgz.container import format as fields
from acgz.container.format import BlockHead
from acgz.container.parts import Part
from acgz.container.source import Source
from acgz.errors import AcgzError, DamagedError, LimitError, UsageError
from acgz.modes import DEFAULT_MODE, get_codec, get_mode
from acgz.scheduling import Task
from acgz.settings import Settings

DEFAULT_BLOCK_SIZE = 64 << 20
"""Bytes of text. Genomes of microbes are one block. Blocks of larger ones share the cores; `plus`
takes 1.6 GB for each. One block for all of 90 MB of human sequence saves 0.24 % (`fast`)."""
LEAST_BLOCK_SIZE = 16
MOST_BLOCK_SIZE = 512 << 20
"""Bytes of text. Above it, a reader with the default memory limit could refuse the archive."""

_RESIDUES_OF_A_BYTE = 1 << 20
"""No codec makes less than a byte of so many residues: the surest guess at one residue costs the
coder 2**-16 of a bit or so. A block that claims more wants to keep its reader busy."""
_FREE_RESIDUES = 1 << 22
"""So many may cost nothing: codecs that transform may find nothing left to code."""

_LAYING = 8
"""Bytes of memory for each byte of text while it is taken apart or put together: 3.5 on human
chromosome 20, 7.3 on a chromosome with lower case everywhere."""


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
        chosen = codec.settings.of({**found.settings, **settings}, f"the mode {mode}")
        try:
            size = operator.index(block_size)
        except TypeError:
            raise UsageError("the size of a block is a whole number of bytes") from None
        if not LEAST_BLOCK_SIZE <= size <= MOST_BLOCK_SIZE:
            raise UsageError(
                f"a block has at least {LEAST_BLOCK_SIZE} bytes and at most {MOST_BLOCK_SIZE:,}"
            )
        return cls(codec, chosen, size)


@dataclass(frozen=True)
class Block:
    """A block as it is stored: its head and its sections."""

    head: BlockHead
    layout: bytes
    residues: bytes
    """The codec's payload; b"" if the text has no residues."""
    files: bytes = b""
    """The files that begin in it, by `fields.pack_starts`."""
    digest: bytes = b""
    """Digest of the text, in an archive of a single block."""

    def pack(self, kind: bytes) -> list[bytes]:
        """All but the check, in the order in which it is stored."""
        head = self.head.pack(kind)
        return [
            kind + fields.pack_number(len(head)) + head,
            self.files,
            self.layout,
            self.residues,
            self.digest,
        ]

    @property
    def starts(self) -> list[fields.FileStart]:
        """The files that begin in it."""
        return fields.unpack_starts(self.files, self.head.text_size) if self.files else []


def encode_block(text: bytes, recipe: Recipe, job: Job) -> Block:
    """Code ``text``; UsageError if a reader with the default memory limit would refuse it."""
    parts = layout.split(text)
    count = parts.residues.size
    job.progress.start_block(len(text), count)
    coded = Coded({}, b"")
    if count:
        coded = recipe.codec.encode(parts.residues, recipe.settings, job)
    head = BlockHead(
        text_size=len(text),
        text_crc=zlib.crc32(text),
        layout_size=len(parts.layout),
        residue_count=count,
        residues_size=len(coded.payload),
        codec=recipe.codec.name if count else "",
        parameters=_with_short_digests(coded.parameters),
    )
    try:
        limit = Job(memory_limit=MEMORY_LIMIT)
        check_claims(head, limit)
        if count:
            allow(needed(recipe.codec, coded, count), limit)
    except (LimitError, DamagedError) as error:
        raise UsageError(f"a block like this could not be read again: {error}") from None
    job.progress.finish_block()
    return Block(head, parts.layout, coded.payload)


def decode_block(block: Block, job: Job) -> bytes:
    """The text of a block.

    Raises DamagedError, LimitError, VersionError (unknown codec) and MissingModelError.
    """
    head = block.head
    check_claims(head, job)
    job.progress.start_block(head.text_size, head.residue_count)
    residues = np.zeros(0, dtype=np.uint8)
    if head.residue_count:
        coded = Coded(_with_whole_digests(head), block.residues)
        residues = decode(get_codec(head.codec), coded, head.residue_count, job)
    elif head.residues_size:
        raise DamagedError("a block without residues has bytes for them")
    text = _checked(layout.join(residues, block.layout, max_size=head.text_size, job=job), head)
    if head.text_crc is not None and zlib.crc32(text) != head.text_crc:
        raise DamagedError("wrong checksum of a decoded text")
    job.progress.finish_block()
    return text


@dataclass(frozen=True)
class Encoding:
    """`encode_block` as something to be done anywhere: it can be pickled."""

    text: bytes | Part
    recipe: Recipe

    def __call__(self, job: Job) -> Block:
        """Raises ElsewhereError if the text is to be read and is not here."""
        text = self.text.read() if isinstance(self.text, Part) else self.text
        return encode_block(text, self.recipe, job)

    def task(self, part: Callable[[], Part] | None = None) -> Task[Block]:
        """``part``: makes out where others may find the text."""
        size = self.text.size if isinstance(self.text, Part) else len(self.text)
        short = None if part is None else lambda: replace(self, text=part())
        return Task(self, need_to_encode(size, self.recipe), 2 * size, size, short=short)


@dataclass(frozen=True)
class Decoding:
    """`decode_block` as something to be done anywhere; errors say the ``place`` of the block."""

    block: Block
    place: str

    def __call__(self, job: Job) -> bytes:
        try:
            return decode_block(self.block, job)
        except AcgzError as error:
            raise type(error)(f"{self.place}: {error}") from error

    @property
    def task(self) -> Task[bytes]:
        head = self.block.head
        kept = head.text_size + head.stored_size
        return Task(self, need_to_decode(self.block), kept, head.text_size)


def need_to_encode(size: int, recipe: Recipe) -> Need:
    """What `encode_block` takes for a text of ``size`` bytes, with that text."""
    need = codecs.need_to_encode(recipe.codec, recipe.settings, size)
    return need._replace(memory=size + max(_LAYING * size, 2 * size + need.memory))


def need_to_decode(block: Block) -> Need:
    """What `decode_block` takes, with the block."""
    head = block.head
    size, count = head.text_size, head.residue_count
    need = Need()
    if count:
        with suppress(AcgzError):  # `decode_block` says so
            need = codecs.need_to_decode(get_codec(head.codec), _with_whole_models(head), count)
    laying = _LAYING * size if count else size
    return need._replace(memory=head.stored_size + max(laying, count + need.memory))


def outline(block: Block, job: Job) -> bytes:
    """The text of a block with A for every base: enough to list its records, and quick."""
    head = block.head
    check_claims(head, job)
    text = layout.outline(head.residue_count, block.layout, max_size=head.text_size, job=job)
    return _checked(text, head)


def read_block(source: Source, kind: bytes, job: Job) -> Block:
    """The block that follows its ``kind``, its check verified."""
    head = read_head(source, kind, job)
    if head.stored_size > job.memory_limit:
        raise LimitError(
            f"a block claims to have {head.stored_size:,} bytes: it is damaged, or needs "
            f"a larger memory limit than {job.memory_limit:,}"
        )
    files = source.exactly(head.files_size)
    sections = source.exactly(head.layout_size), source.exactly(head.residues_size)
    digest = source.exactly(fields.DIGEST_SIZE) if kind == fields.SINGLE else b""
    source.verify()
    return Block(head, *sections, files, digest)


def read_head(source: Source, kind: bytes, job: Job) -> BlockHead:
    """The head of the block that follows its ``kind``; nothing says yet that it is intact."""
    size = source.number()
    if size > fields.MOST_HEAD_BYTES:
        raise DamagedError(f"the head at byte {source.offset:,} is too long")
    allow(fields.MEMORY_OF_HEAD * size, job)
    return BlockHead.unpack(source.exactly(size), kind)


def check_claims(head: BlockHead, job: Job) -> None:
    """LimitError if decoding needs more than `Job.memory_limit`, codec aside; DamagedError for
    more residues than the block has paid for."""
    allow(head.text_size + head.residue_count + head.stored_size, job)
    if head.residue_count > _FREE_RESIDUES + _RESIDUES_OF_A_BYTE * head.residues_size:
        raise DamagedError(
            f"a block claims {head.residue_count:,} bases in {head.residues_size:,} bytes"
        )


def _checked(text: bytes, head: BlockHead) -> bytes:
    if len(text) != head.text_size:
        raise DamagedError(f"a block restores {len(text):,} bytes instead of {head.text_size:,}")
    return text


def _with_short_digests(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """``parameters`` as they are stored: of a SHA-256 as much as is enough to find its owner."""
    short = dict(parameters)
    if "models" in short:
        short["models"] = [digest[: fields.NEED_SIZE] for digest in short["models"]]
    return short


def _with_whole_digests(head: BlockHead) -> Mapping[str, Any]:
    """Parameters as the codec has written them; MissingModelError if a model is not installed."""
    hint = head.parameters.get("hint")
    if head.parameters.get("reference"):
        references.find(head.needs[-1], hint if isinstance(hint, str) else "")
    return _with_whole_models(head)


def _with_whole_models(head: BlockHead) -> Mapping[str, Any]:
    """`_with_whole_digests`, whether or not there is the reference, which needs no reading."""
    needs = head.needs[:-1] if head.parameters.get("reference") else head.needs
    if not needs:
        return head.parameters
    from acgz import models

    return {
        **head.parameters,
        "models": [models.digest_of(models.locate(digest)) for digest in needs],
    }
