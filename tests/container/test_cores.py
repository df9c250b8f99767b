"""Blocks side by side: the same archive and the same text for any number of threads."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest

import acgz
from acgz import baselines
from acgz.codec import Coded, Job, Need, SideBySide
from acgz.container import choosing
from acgz.container.blocks import Recipe, need_to_decode
from acgz.container.choosing import Choice
from acgz.container.contents import Contents
from acgz.container.reader import read_archive
from acgz.container.salvage import salvage
from acgz.container.source import Places
from acgz.creating import Source, write_archive
from acgz.engine import dictionary
from acgz.errors import DamagedError, UsageError
from acgz.nets.architecture import MEMORY
from conftest import fasta

TEXT = fasta(3000, 10, 70_000, 0, 500)
JOBS = [Job(1), Job(2), Job(4), Job(4, memory=1), Job(8, memory=700_000)]


def packed(text: bytes, mode: str, block: int, job: Job) -> bytes:
    out = io.BytesIO()
    write_archive(out, [Source(io.BytesIO(text))], Recipe.of(mode, {}, block), job)
    return out.getvalue()


def restored(archive: bytes, job: Job) -> bytes:
    parts = read_archive(io.BytesIO(archive), job)
    return b"".join(part for part in parts if isinstance(part, bytes))


@pytest.mark.parametrize("mode", ["twobit", "order0", "fast"])
def test_threads_and_memory_change_no_byte(mode: str) -> None:
    archives = {packed(TEXT, mode, 5000, job) for job in JOBS}
    assert len(archives) == 1
    archive = archives.pop()
    assert archive == acgz.compress(TEXT, mode, block=5000, threads=3)
    for job in JOBS:
        assert restored(archive, job) == TEXT


def test_files_that_share_blocks_are_the_same_for_any_threads() -> None:
    files = {f"{number}.fa": fasta(number * 700, seed=number) for number in range(1, 9)}
    files["notes.txt"] = b"no sequence " * 1000
    archives = []
    for job in JOBS:
        out = io.BytesIO()
        sources = [Source(io.BytesIO(text), name) for name, text in files.items()]
        write_archive(out, sources, Recipe.of("twobit", {}, 3000), job)
        archives.append(out.getvalue())
    assert len(set(archives)) == 1
    assert restored(archives[0], Job(4)) == b"".join(files.values())


@pytest.mark.parametrize("threads", [1, 4])
def test_what_is_before_a_damaged_block_comes_out_and_the_error_names_it(threads: int) -> None:
    archive = bytearray(packed(TEXT, "twobit", 5000, Job()))
    archive[len(archive) // 2] ^= 1
    parts = read_archive(io.BytesIO(archive), Job(threads))
    got: list[object] = []
    with pytest.raises(DamagedError, match=r"^block 7 \(at byte"):
        got.extend(parts)
    before = b"".join(part for part in got if isinstance(part, bytes))
    assert before == TEXT[: len(before)]
    assert len(before) > 30_000


@pytest.mark.parametrize("job", JOBS)
def test_files_and_what_is_left_of_damage_are_the_same_for_any_threads(job: Job) -> None:
    files = {f"{number}.fa": fasta(number * 700, seed=number) for number in range(1, 9)}
    out = io.BytesIO()
    sources = [Source(io.BytesIO(text), name) for name, text in files.items()]
    write_archive(out, sources, Recipe.of("twobit", {}, 3000), Job())
    events = list(choosing.from_contents(Contents(out), Choice(["3.fa", "7.fa"]), job))
    assert b"".join(part for part in events if isinstance(part, bytes)) == (
        files["3.fa"] + files["7.fa"]
    )
    archive = bytearray(out.getvalue())
    archive[len(archive) // 2] ^= 1
    left = list(salvage(Places(io.BytesIO(archive)), job))
    assert [type(event) for event in left].count(DamagedError) == 1
    expected = list(salvage(Places(io.BytesIO(archive)), Job()))
    assert list(map(str, left)) == list(map(str, expected))


class Fragile(baselines.TwoBit):
    """Refuses the third block."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blocks = 0

    def encode(self, residues: object, settings: object, job: Job) -> Coded:
        with self.lock:
            self.blocks += 1
            if self.blocks == 3:
                raise UsageError("not this one")
        return super().encode(residues, settings, job)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_in_a_block_in_the_middle_is_raised(threads: int) -> None:
    codec = Fragile()
    recipe = Recipe(codec, codec.settings(), 5000)
    with pytest.raises(UsageError, match="not this one"):
        write_archive(io.BytesIO(), [Source(io.BytesIO(TEXT))], recipe, Job(threads))
    assert codec.blocks <= 3 + 2 * threads


def test_as_many_blocks_as_there_are_threads_are_coded_at_a_time() -> None:
    """They wait for each other, so this would hang if they went one after the other."""
    barrier = threading.Barrier(3)

    class Meeting(baselines.TwoBit):
        def encode(self, residues: object, settings: object, job: Job) -> Coded:
            barrier.wait(60)
            return super().encode(residues, settings, job)  # type: ignore[arg-type]

    codec = Meeting()
    recipe = Recipe(codec, codec.settings(), 5000)
    text = fasta(14_000)
    out = io.BytesIO()
    write_archive(out, [Source(io.BytesIO(text))], recipe, Job(3))
    assert restored(out.getvalue(), Job()) == text


def test_blocks_of_a_codec_that_says_nothing_go_one_after_the_other() -> None:
    running = threading.Lock()

    class Quiet:
        name = "twobit"
        settings = baselines.TWOBIT.settings
        memory = baselines.TWOBIT.memory
        decode = baselines.TWOBIT.decode

        def encode(self, residues: object, settings: object, job: Job) -> Coded:
            assert running.acquire(blocking=False)
            assert job.threads == 3
            try:
                return baselines.TWOBIT.encode(residues, settings, job)  # type: ignore[arg-type]
            finally:
                running.release()

    codec = Quiet()
    recipe = Recipe(codec, codec.settings(), 5000)
    out = io.BytesIO()
    write_archive(out, [Source(io.BytesIO(TEXT))], recipe, Job(3))
    assert out.getvalue() == packed(TEXT, "twobit", 5000, Job())


@pytest.mark.parametrize("mode", ["twobit", "uniform", "order0", "fast"])
def test_no_more_is_needed_than_has_been_said(mode: str) -> None:
    recipe = Recipe.of(mode)
    codec = recipe.codec
    assert isinstance(codec, SideBySide)
    residues = np.random.default_rng(1).integers(0, 4, 50_000).astype(np.uint8)
    coded = codec.encode(residues, recipe.settings, Job())
    memory = codec.memory(coded.parameters, residues.size)
    decoding = codec.need_to_decode(coded.parameters, residues.size)
    encoding = codec.need_to_encode(recipe.settings, residues.size)
    assert encoding.memory >= decoding.memory >= memory
    assert encoding.threads >= decoding.threads


def test_a_block_that_names_a_network_is_decoded_alone_with_all_threads() -> None:
    """Its head has the beginning of a digest, which the codec alone would not find."""
    contents = Contents(io.BytesIO(acgz.compress(b"GATTACA" * 30, "deepgeco-mini")))
    need = need_to_decode(contents.block(0))
    assert need.alone
    assert need.memory > MEMORY


def test_what_the_engine_needs_grows_with_lanes_and_covers_decoding() -> None:
    recipe = Recipe.of("plus", {"lanes": 4, "dictionary": "none"})
    need = recipe.codec.need_to_encode(recipe.settings, 1 << 20)  # type: ignore[attr-defined]
    parameters = {"preset": "plus", "b": 22, "lanes": 4}
    assert need == Need(4, recipe.codec.memory(parameters, 1 << 20))
    recipe = Recipe.of("plus", {"lanes": 4})
    need = recipe.codec.need_to_encode(recipe.settings, 1 << 20)  # type: ignore[attr-defined]
    most = dictionary.most(1 << 20) // dictionary.PIECE
    assert need == Need(4, recipe.codec.memory({**parameters, "pieces": [0, most]}, 1 << 20))
