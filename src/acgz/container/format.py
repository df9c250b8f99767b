"""The fields of an archive, to bytes and back. docs/format.md says the same in words.

Whatever is unpacked here may come from an enemy: types and ranges are checked before use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgpack

from acgz.container.names import decode_name, encode_name, fault_of
from acgz.errors import DamagedError, TruncatedError, VersionError
from acgz.settings import JSON

MAGIC = b"\xacGZ"
"""No text starts like this, in ASCII or in UTF-8."""
VERSION = 1
PREAMBLE = MAGIC + bytes([VERSION])

SINGLE, BLOCK, INDEX = b"S", b"B", b"I"
"""First byte of the only block of a small archive, of any other block, and of the index."""

DIGEST_SIZE = 16
"""Bytes of a SHA-256 that are stored. 128 bits: nobody finds another content by chance, and who
wants to make two contents with one digest needs 2**64 attempts."""

NEED_SIZE = 8
"""Bytes of the SHA-256 of a model or a reference: enough to find it among those that are installed.
What a wrong one decodes has not the digest of the text."""

CHECK_SIZE = 4
MOST_HEAD_BYTES = 1 << 24
"""How long a head may be. Codecs put small tables into their parameters."""

MEMORY_OF_HEAD = 64
"""Bytes that a byte of a head may become: an empty list in its parameters."""


class Method(NamedTuple):
    """A codec and some of its parameters under one number."""

    codec: str
    implied: Mapping[str, JSON] = {}
    """Parameters that need not be stored."""
    numbers: tuple[str, ...] = ()
    """Parameters that are stored as numbers, in this order."""
    one_model: bool = False
    """The codec needs one model, whose digest is stored."""


_METHODS = {
    1: Method("uniform"),
    2: Method("order0"),
    3: Method("twobit"),
    4: Method("engine", {"preset": "fast"}, ("b",)),
    5: Method("engine", {"preset": "plus"}, ("b",)),
    6: Method("engine", {"preset": "plus"}, ("b",), one_model=True),
    7: Method("engine", {"preset": "ultra"}, ("b",)),
    8: Method("engine", {"preset": "ultra"}, ("b",), one_model=True),
}
"""Number -> what it stands for. 0: the codec is stored by its name, with all parameters."""
_LATER_METHOD = 64
"""Numbers from here on are damage; those below may get a meaning."""

_DEEPEST = 8
"""Lists and maps inside of one another in the parameters of a codec."""


class Cursor:
    """Takes numbers and bytes from the beginning of ``data``; TruncatedError at its end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise TruncatedError("a head ends too early")
        self.at += count
        return taken

    def number(self) -> int:
        """An integer in groups of seven bits, the lowest first; DamagedError above 63 bits."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise DamagedError("a number is absurd")

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)


def pack_number(value: int) -> bytes:
    """Seven bits in a byte, the lowest first; the highest bit says that more follow.

    >>> pack_number(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_numbers(values: Sequence[int]) -> bytes:
    return b"".join(map(pack_number, values))


@dataclass(frozen=True)
class BlockHead:
    """What is known of a block before it is decoded."""

    text_size: int
    """Bytes of the original that this block restores."""
    text_crc: int | None
    """CRC-32 of them. None in a single block: there the digest does it."""
    layout_size: int
    """Bytes of the layout section."""
    residue_count: int
    """Bases that the residues section holds."""
    residues_size: int = 0
    """Bytes of the residues section."""
    codec: str = ""
    """What codes the residues; "" where there are none."""
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    files_size: int = 0
    """Bytes of the section that says which files begin here."""

    @property
    def stored_size(self) -> int:
        """Bytes of all sections."""
        return self.files_size + self.layout_size + self.residues_size

    @property
    def needs(self) -> list[bytes]:
        """Digests of the models and the reference that decoding needs."""
        models = self.parameters.get("models", [])
        reference = self.parameters.get("reference", b"")
        if not isinstance(models, list) or not isinstance(reference, bytes):
            raise DamagedError("the models or the reference of a block are not digests")
        digests = [digest for digest in [*models, reference] if digest != b""]
        if any(not isinstance(digest, bytes) or len(digest) != NEED_SIZE for digest in digests):
            raise DamagedError(f"a digest among the parameters has not {NEED_SIZE} bytes")
        return digests

    def pack(self, kind: bytes) -> bytes:
        """The head as bytes, for a chunk of that ``kind``."""
        fields = [self.text_size, self.layout_size, self.text_size - self.residue_count]
        head = pack_numbers(fields if kind == SINGLE else [self.files_size, *fields])
        if kind == BLOCK:
            head += (self.text_crc or 0).to_bytes(4, "little")
        if not self.residue_count:
            return head
        return head + pack_number(self.residues_size) + _pack_method(self.codec, self.parameters)

    @classmethod
    def unpack(cls, head: bytes, kind: bytes) -> BlockHead:
        """Raises DamagedError, and VersionError for what a later version has written."""
        cursor = Cursor(head)
        files_size = cursor.number() if kind == BLOCK else 0
        text_size, layout_size, others = cursor.number(), cursor.number(), cursor.number()
        text_crc = int.from_bytes(cursor.take(4), "little") if kind == BLOCK else None
        if others > text_size:
            raise DamagedError("a block has more letters that are no bases than letters")
        residues_size, codec, parameters = 0, "", dict[str, JSON]()
        if others < text_size:
            residues_size = cursor.number()
            codec, parameters = _unpack_method(cursor)
        if cursor.at < len(head):
            parameters |= unpack_map(cursor.rest(), "head of a block")
        if text_size == 0 and kind == BLOCK and files_size == 0:
            raise DamagedError("a block restores nothing")
        return cls(
            text_size,
            text_crc,
            layout_size,
            text_size - others,
            residues_size,
            codec,
            parameters,
            files_size,
        )


@dataclass(frozen=True)
class FileStart:
    """A file of the archive begins."""

    name: str | None
    """Safe to create below a folder; None for the only file of an archive without names."""
    offset: int = 0
    """Bytes of its block's text before the file begins."""


def pack_starts(starts: Sequence[FileStart]) -> bytes:
    """The files that begin in a block: their number, the bytes between their beginnings, names."""
    gaps = [
        start.offset - before
        for start, before in zip(starts, [0, *(start.offset for start in starts)], strict=False)
    ]
    names = b"".join(encode_name(start.name or "") + b"\0" for start in starts)
    return pack_numbers([len(starts), *gaps]) + names


def unpack_starts(data: bytes, text_size: int) -> list[FileStart]:
    """The inverse; DamagedError for names that are none and beginnings outside of the text."""
    cursor = Cursor(data)
    count = cursor.number()
    if not 0 < count <= len(data):
        raise DamagedError("a block claims more files than it has names")
    offset = 0
    offsets = []
    for _ in range(count):
        offset += cursor.number()
        offsets.append(offset)
    names = cursor.rest().split(b"\0")
    if len(names) != count + 1 or names.pop():
        raise DamagedError("a block has not as many names as files")
    if offset > text_size:
        raise DamagedError("a file begins outside of its block")
    return [
        FileStart(checked_name(decode_name(name)), offset)
        for name, offset in zip(names, offsets, strict=True)
    ]


def checked_name(name: str) -> str:
    """``name`` itself; DamagedError if no file may have it."""
    fault = fault_of(name)
    if fault:
        raise DamagedError(f"refused: the name {name[:80]!r} of a file {fault}")
    return name


def unpack_map(data: bytes, what: str) -> dict[str, Any]:
    """A msgpack map of named values, each JSON or bytes.

    DamagedError for anything else; VersionError for a name that begins with a capital letter: it
    is of a later version and must be understood (there is none yet).
    """
    try:
        found = msgpack.unpackb(data, unicode_errors="surrogateescape", strict_map_key=False)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DamagedError(f"the {what} cannot be read: {str(error)[:80]}") from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise DamagedError(f"the {what} has values without names")
    for name in found:
        if name[:1].isupper():
            raise VersionError(
                f"the {what} has the field {name[:80]!r}, which this version cannot read"
            )
    level: list[Any] = list(found.values())
    for _ in range(_DEEPEST):
        if not all(value is None or isinstance(value, _PLAIN) for value in level):
            break
        level = [
            inner
            for value in level
            if isinstance(value, list | dict)
            for inner in ([*value, *value.values()] if isinstance(value, dict) else value)
        ]
        if not level:
            return found
    raise DamagedError(f"the {what} has values of a strange kind, or too deep ones")


_PLAIN = (bool, int, float, str, bytes, list, dict)


def _pack_map(named: Mapping[str, JSON]) -> bytes:
    packed: bytes = msgpack.packb(named, unicode_errors="surrogateescape")
    return packed


def _pack_method(codec: str, parameters: Mapping[str, JSON]) -> bytes:
    """The codec and its parameters, by the number that leaves the fewest to the map."""
    fitting = [number for number, method in _METHODS.items() if _fits(method, codec, parameters)]
    rest = dict(parameters)
    if not fitting:
        spelled = codec.encode()
        return b"\0" + pack_number(len(spelled)) + spelled + (_pack_map(rest) if rest else b"")
    number = fitting[-1]
    method = _METHODS[number]
    for name in method.implied:
        del rest[name]
    packed = pack_numbers([number, *(rest.pop(name) for name in method.numbers)])  # type: ignore[list-item]
    if method.one_model:
        packed += rest.pop("models")[0]  # type: ignore[index, operator]
    return packed + (_pack_map(rest) if rest else b"")


def _fits(method: Method, codec: str, parameters: Mapping[str, JSON]) -> bool:
    models = parameters.get("models")
    return (
        method.codec == codec
        and method.implied.items() <= parameters.items()
        and all(_is_number(parameters.get(name)) for name in method.numbers)
        and method.one_model == (isinstance(models, list) and len(models) == 1)
    )


def _is_number(value: JSON) -> bool:
    return type(value) is int and value >= 0


def _unpack_method(cursor: Cursor) -> tuple[str, dict[str, JSON]]:
    number = cursor.number()
    if number == 0:
        try:
            name = cursor.take(min(cursor.number(), MOST_HEAD_BYTES)).decode()
        except UnicodeDecodeError:
            raise DamagedError("the name of a codec is no text") from None
        if not name:
            raise DamagedError("a codec has no name")
        return name, {}
    if number >= _LATER_METHOD:
        raise DamagedError(f"there is no codec number {number:,}")
    if number not in _METHODS:
        raise VersionError(f"the archive uses codec number {number}, which is of a later version")
    method = _METHODS[number]
    parameters = dict(method.implied)
    for name in method.numbers:
        parameters[name] = cursor.number()
    if method.one_model:
        parameters["models"] = [cursor.take(NEED_SIZE)]
    return method.codec, parameters
