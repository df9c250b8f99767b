"""The fields of an archive, to bytes and back. docs/format.md says the same in words.

Whatever is unpacked here may come from an enemy: types and ranges are checked before use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from acgz.container.names import check_name
from acgz.errors import DamagedError, VersionError
from acgz.settings import JSON

MAGIC = b"\xacGZ"
"""No text starts like this, in ASCII or in UTF-8."""
VERSION = 1
PREAMBLE = MAGIC + bytes([VERSION])

FILE = ord("M")
BLOCK = ord("B")
INDEX = ord("I")

MOST_HEAD_BYTES = {FILE: 1 << 16, BLOCK: 1 << 24, INDEX: 1 << 28}
"""How long the head of each kind of chunk may be."""

CODEC_NUMBERS = {"uniform": 1, "order0": 2, "twobit": 3, "engine": 4}
"""Names of codecs that are stored as one byte; all others are stored as text."""
_CODEC_NAMES = {number: name for name, number in CODEC_NUMBERS.items()}

_MOST = (1 << 63) - 1
_RECORDS = "r"


@dataclass(frozen=True)
class BlockHeader:
    """What is known of a block before it is decoded."""

    text_size: int
    """Bytes of the original that this block restores; at least 1."""
    text_crc: int | None
    """CRC-32 of them. None in the only block of an unnamed file: there SHA-256 does it."""
    layout_size: int
    """Bytes of the layout section."""
    residue_count: int
    """Bases that the residues section holds."""
    residues_size: int = 0
    """Bytes of the residues section."""
    codec: str = ""
    """What codes the residues; "" where there are none."""
    parameters: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def stored_size(self) -> int:
        """Bytes of both sections."""
        return self.layout_size + self.residues_size

    @property
    def needs(self) -> list[bytes]:
        """SHA-256 digests of the models and the reference that decoding needs."""
        models = self.parameters.get("models", [])
        reference = self.parameters.get("reference", b"")
        if not isinstance(models, list) or not isinstance(reference, bytes):
            raise DamagedError("the models or the reference of a block are not digests")
        digests = [digest for digest in [*models, reference] if digest != b""]
        if any(not isinstance(digest, bytes) or len(digest) != 32 for digest in digests):
            raise DamagedError("a digest among the codec parameters is not 32 bytes")
        return digests

    def pack(self) -> bytes:
        fields: list[JSON] = [self.text_size, self.text_crc, self.layout_size]
        if self.residue_count:
            fields += [
                self.text_size - self.residue_count,
                self.residues_size,
                CODEC_NUMBERS.get(self.codec, self.codec),
                self.parameters,
            ]
        return _pack(fields)

    @classmethod
    def unpack(cls, head: bytes) -> BlockHeader:
        """Raises DamagedError, and VersionError for fields of a later version."""
        fields = _unpack_list(head, "block header")
        _extensions(fields, at=3 if len(fields) == 4 else 7, what="block header")
        if len(fields) not in (3, 7):
            raise DamagedError(f"a block header has {len(fields)} fields")
        text_size = _natural(fields[0], "text size")
        text_crc = None if fields[1] is None else _natural(fields[1], "CRC-32", (1 << 32) - 1)
        layout_size = _natural(fields[2], "layout size")
        if text_size == 0:
            raise DamagedError("a block restores nothing")
        if len(fields) == 3:
            return cls(text_size, text_crc, layout_size, 0)
        others = _natural(fields[3], "number of other characters", text_size)
        return cls(
            text_size,
            text_crc,
            layout_size,
            text_size - others,
            _natural(fields[4], "residues size"),
            _codec_name(fields[5]),
            _parameters(fields[6]),
        )


@dataclass(frozen=True)
class FileStart:
    """A file of the archive begins."""

    name: str | None
    """Safe to create below a folder; None for the only file of an archive without names."""
    offset: int = 0
    """Where it begins in the text of the next block."""

    def pack(self) -> bytes:
        return _pack([check_name(self.name or ""), self.offset])

    @classmethod
    def unpack(cls, head: bytes) -> FileStart:
        fields = _unpack_list(head, "file header")
        _extensions(fields, at=2, what="file header")
        if len(fields) != 2 or not isinstance(fields[0], str):
            raise DamagedError("a file header is not a name and an offset")
        return cls(check_name(fields[0]), _natural(fields[1], "offset of a file"))


@dataclass(frozen=True)
class Index:
    """The end of an archive, by which all of it is found and verified."""

    unit_sizes: tuple[int, ...]
    """Bytes of each unit: a block with the files that begin in it. They fill the archive."""
    digests: tuple[bytes, ...]
    """SHA-256 of each file."""
    records: bytes | None = None
    """Table of the records of every piece of text, if there is one; see `record_table`."""

    def pack(self) -> bytes:
        fields: list[JSON] = [self.unit_sizes, *self.digests]
        if self.records is not None:
            fields.append({_RECORDS: self.records})
        return _pack(fields)

    @classmethod
    def unpack(cls, head: bytes) -> Index:
        fields = _unpack_list(head, "index")
        extensions = _extensions(fields, at=len(fields) - 1, what="index")
        if len(fields) < 2 or not isinstance(fields[0], list):
            raise DamagedError("the index has no files or no sizes")
        for digest in fields[1:]:
            if not isinstance(digest, bytes) or len(digest) != 32:
                raise DamagedError("a SHA-256 of the index is not 32 bytes")
        records = extensions.get(_RECORDS)
        if records is not None and not isinstance(records, bytes):
            raise DamagedError("the record table is not bytes")
        sizes = tuple(_natural(size, "size in the index", 1 << 56) for size in fields[0])
        if 0 in sizes:
            raise DamagedError("a size in the index is 0")
        return cls(sizes, tuple(fields[1:]), records)


def pack_varint(value: int) -> bytes:
    """Seven bits in a byte, the lowest first; the highest bit says that more follow.

    >>> pack_varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _pack(fields: JSON) -> bytes:
    packed: bytes = msgpack.packb(fields, unicode_errors="surrogateescape")
    return packed


def _unpack_list(head: bytes, what: str) -> list[Any]:
    try:
        fields = msgpack.unpackb(head, unicode_errors="surrogateescape")
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise DamagedError(f"the {what} cannot be read: {error}") from error
    if not isinstance(fields, list):
        raise DamagedError(f"the {what} is not a list")
    return fields


def _extensions(fields: list[Any], at: int, what: str) -> dict[str, JSON]:
    """Take the optional map of named fields from position ``at`` of ``fields``.

    Names of capital letters must be understood (there is none yet); others may be ignored.
    """
    if not 0 <= at < len(fields) or not isinstance(fields[at], dict):
        return {}
    extensions: dict[str, JSON] = fields.pop(at)
    for name in extensions:
        if not isinstance(name, str):
            raise DamagedError(f"the {what} has a field without a name")
        if name[:1].isupper():
            raise VersionError(f"the {what} has the field {name!r}, which this version cannot read")
    return extensions


def _natural(value: object, what: str, most: int = _MOST) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise DamagedError(f"the {what} is {value!r}")
    return value


def _codec_name(value: object) -> str:
    if type(value) is int:
        return _CODEC_NAMES.get(value, f"number {value}")
    if not isinstance(value, str) or not value:
        raise DamagedError(f"the codec is {value!r}")
    return value


def _parameters(value: object) -> dict[str, JSON]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise DamagedError("the codec parameters are not named")
    return value
