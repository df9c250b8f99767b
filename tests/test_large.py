"""Gigabytes, made while they are read: `make large` runs these, `make test` does not."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import acgz

pytestmark = pytest.mark.large

WIDTH = 60
CHUNK = 1 << 20


class Stream(io.RawIOBase):
    """What a generator of bytes yields, as a file; knows its size and SHA-256 in the end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.size = 0
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
            self.size += len(piece)
            self.sha256.update(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def genome(bases: int, records: int) -> Iterator[bytes]:
    """FASTA with repeats, N at the ends of chromosomes, and a soft mask now and then.

    A mask is predicted from the bases, which would take most of the time.
    """
    generator = np.random.default_rng(1)
    letters = np.frombuffer(b"ACGTacgt", np.uint8)
    masked = np.repeat(generator.integers(0, 2, CHUNK // 512), 512) * 4
    drawn = letters[generator.integers(0, 4, CHUNK) + masked]
    lines = np.insert(drawn, np.arange(WIDTH, CHUNK + 1, WIDTH), ord("\n")).tobytes()
    soft = lines[: len(lines) // (WIDTH + 1) * (WIDTH + 1)]
    hard = soft.upper()
    unknown = (b"N" * WIDTH + b"\n") * 10_000
    for number in range(records):
        yield f">chr{number + 1} made for a test\n".encode()
        yield unknown
        for part in range(bases // records // CHUNK):
            repeat = hard if part % 16 else soft
            at = int(generator.integers(0, len(repeat) // (WIDTH + 1))) * (WIDTH + 1)
            yield repeat[at:] + repeat[:at]
        yield unknown


def peak(process: subprocess.Popen[bytes]) -> int:
    """The most memory that a process has had, in MB of 1000 x 1000 bytes, when it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024 // 10**6


def through_pipes(pieces: Iterator[bytes], *options: str) -> dict[str, object]:
    """Compress and decompress in processes that see nothing but pipes; what came out, and peaks."""
    acgz_command = [sys.executable, "-m", "acgz"]
    made = Stream(pieces)
    pipe = subprocess.PIPE
    compress = subprocess.Popen([*acgz_command, "compress", *options], stdin=pipe, stdout=pipe)
    decompress = subprocess.Popen(
        [*acgz_command, "decompress", *options[:2]], stdin=pipe, stdout=pipe
    )
    archive_size = 0

    def feed() -> None:
        assert compress.stdin is not None
        while piece := made.read(CHUNK):
            compress.stdin.write(piece)
        compress.stdin.close()

    def hand_on() -> None:
        nonlocal archive_size
        assert compress.stdout is not None
        assert decompress.stdin is not None
        while piece := compress.stdout.read(CHUNK):
            archive_size += len(piece)
            decompress.stdin.write(piece)
        compress.stdout.close()
        decompress.stdin.close()

    threads = [threading.Thread(target=work) for work in (feed, hand_on)]
    for thread in threads:
        thread.start()
    restored, size = hashlib.sha256(), 0
    assert decompress.stdout is not None
    while piece := decompress.stdout.read(CHUNK):
        restored.update(piece)
        size += len(piece)
    for thread in threads:
        thread.join()
    decompress.stdout.close()
    found = {
        "options": options,
        "text": made.size,
        "archive": archive_size,
        "compress MB": peak(compress),
        "decompress MB": peak(decompress),
        "same": (size, restored.digest()) == (made.size, made.sha256.digest()),
    }
    print(json.dumps(found), file=sys.stderr)
    assert compress.returncode == decompress.returncode == 0
    return found


def test_memory_follows_blocks_and_threads_not_the_file() -> None:
    """A genome as large as the human one, through pipes, and a sixteenth of it."""
    options = ["-T", "2", "-m", "twobit"]
    small = through_pipes(genome(200_000_000, 5), *options)
    large = through_pipes(genome(3_200_000_000, 25), *options)
    assert small["same"]
    assert large["same"]
    for direction in ("compress MB", "decompress MB"):
        assert large[direction] < 1.25 * small[direction] + 50  # type: ignore[operator]
        assert large[direction] < 1500  # type: ignore[operator]


@pytest.mark.parametrize("letters", [(1 << 31) + 100, (1 << 32) + 100])
def test_a_record_of_more_letters_than_32_bits_count(letters: int) -> None:
    """Nearly all of them N, which costs nothing but reading."""
    line = b"N" * (1 << 16) + b"\n"
    whole, rest = divmod(letters - 8, 1 << 16)

    def pieces() -> Iterator[bytes]:
        yield b">before\nACGTTGCA\n>long\nACGT\n"
        for _ in range(whole // 16):
            yield line * 16
        for _ in range(whole % 16):
            yield line
        yield b"N" * rest + b"\nGATTACA\n>after\nCCCC\n"

    source, target = Stream(pieces()), io.BytesIO()
    acgz.compress_stream(io.BufferedReader(source), target, "twobit", threads=2)
    with acgz.open(target, threads=2) as archive:
        assert archive.info.text_size == source.size > letters
        record = archive["long"]
        assert len(record) == letters + 3
        assert record[:6] == "ACGTNN"
        assert record[letters - 6 :] == "NNGATTACA"
        assert str(archive["after"]) == "CCCC"
    restored = Counted()
    target.seek(0)
    acgz.decompress_stream(target, restored, threads=2)  # type: ignore[arg-type]
    assert (restored.size, restored.sha256.digest()) == (source.size, source.sha256.digest())


def test_a_million_records() -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(0, 1_000_000, 1000):
            some = range(number, number + 1000)
            yield b"".join(b">read%06d\nACGTACGT\nAC\n" % one for one in some)

    source, target = Stream(pieces()), io.BytesIO()
    acgz.compress_stream(io.BufferedReader(source), target, "twobit", threads=2, block=1 << 20)
    with acgz.open(target) as archive:
        assert len(archive) == 1_000_000
        assert str(archive["read777777"]) == "ACGTACGTAC"
    restored = Counted()
    target.seek(0)
    acgz.decompress_stream(target, restored, threads=2)  # type: ignore[arg-type]
    assert (restored.size, restored.sha256.digest()) == (source.size, source.sha256.digest())


class Counted:
    """Where a text goes that is only to be compared."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self.sha256.update(data)
