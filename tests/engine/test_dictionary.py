"""Dictionaries: what a block takes of them, what that saves, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import acgz
from acgz import models, modes
from acgz.cli.main import main
from acgz.codec import Coded, Job, decode, encode
from acgz.engine import dictionary, likeness, priors
from acgz.engine.condensing import WINDOW, condensed
from acgz.engine.dictionary import PIECE
from acgz.errors import DamagedError, InputError, MissingModelError, UsageError
from machines import ENVIRONMENTS, REFERENCE, WITHOUT_COMPILER

CODEC = modes.get_codec("engine")
SHIPPED = models.shipped("dictionary")[""]


def noise(count: int, seed: int, weights: Sequence[int] = (1, 1, 1, 1)) -> NDArray[np.uint8]:
    return np.array(random.Random(seed).choices(range(4), weights, k=count), np.uint8)


def changed(residues: NDArray[np.uint8], part: float, seed: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(seed)
    return np.where(draw.random(residues.size) < part, noise(residues.size, seed), residues).astype(
        np.uint8
    )


def letters(residues: NDArray[np.uint8]) -> bytes:
    return np.frombuffer(b"ACGT", np.uint8)[residues].tobytes()


PROGRAM = """
import numpy as np, sys
from acgz import modes
from acgz.codec import encode
letters = np.frombuffer(bytes.fromhex(sys.argv[2]), np.uint8)
settings = {"preset": sys.argv[3], "dictionary": sys.argv[1], "prior": "none", "lanes": 2}
coded = encode(modes.get_codec("engine"), letters, settings)
print(coded.parameters["pieces"], coded.payload.hex())
"""


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, NDArray[np.uint8]]:
    """A dictionary of noise, and its residues."""
    residues = noise(10 * PIECE, 1)
    path = tmp_path / "own.safetensors"
    dictionary.write(path, residues, [])
    return path, residues


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acgz.models.store._remembered", [])
    monkeypatch.delenv("ACGZ_MODELS", raising=False)


def known_to_the_package(count: int, seed: int) -> NDArray[np.uint8]:
    """Like an end of what comes with the package, of the other strand, one residue in 25 other."""
    packed = models.read(SHIPPED).arrays["residues"][-(count // 4) :]
    return changed(3 - dictionary.unpacked(packed)[::-1], 0.05, seed)


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
@pytest.mark.parametrize("lanes", [1, 3])
def test_what_the_package_knows_costs_little(mode: str, lanes: int) -> None:
    text = letters(known_to_the_package(20_000, 2))
    without = acgz.compress(text, mode, lanes=lanes, dictionary="none")
    archive = acgz.compress(text, mode, lanes=lanes, threads=2)
    assert len(archive) < 0.6 * len(without)
    assert acgz.compress(text, mode, lanes=lanes) == archive
    assert acgz.decompress(archive) == text


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (9, 1, 1, 9)], ids=["even", "A and T"])
def test_chance_names_no_pieces(weights: Sequence[int]) -> None:
    assert not dictionary.chosen(None, noise(300_000, 3, weights)).runs
    assert not dictionary.chosen(None, noise(0, 3)).runs
    assert not dictionary.chosen(str(SHIPPED), noise(0, 3)).runs


def test_pieces_are_taken_where_they_are_alike_and_only_there(
    own: tuple[Path, NDArray[np.uint8]],
) -> None:
    path, residues = own
    text = np.concatenate(
        [noise(3000, 4), changed(residues[4 * PIECE : 6 * PIECE], 0.03, 5), noise(1000, 6)]
    )
    excerpt = dictionary.chosen(str(path), text)
    assert excerpt.runs == [4, 2]
    assert np.array_equal(excerpt.residues, residues[4 * PIECE : 6 * PIECE])
    assert excerpt.digest == models.digest_of(path)
    coded = encode(CODEC, text, {"dictionary": str(path)})
    assert coded.parameters["pieces"] == [4, 2]
    assert np.array_equal(decode(CODEC, coded, text.size, Job()), text)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["fast", "plus"])
def test_a_dictionary_gives_the_same_bytes_in_every_environment(
    preset: str, own: tuple[Path, NDArray[np.uint8]]
) -> None:
    path, residues = own
    text = changed(residues[3 * PIECE : 3 * PIECE + 1600], 0.01, 21)
    program = ["-c", PROGRAM, str(path), text.tobytes().hex(), preset]
    environments = (REFERENCE, ENVIRONMENTS["plain CPU"], WITHOUT_COMPILER)
    printed = {environment.run(program) for environment in environments}
    assert len(printed) == 1
    assert printed.pop().startswith("[3, 1] ")


def test_a_block_takes_no_more_than_it_can_use() -> None:
    assert dictionary.most(0) < 1 << 15
    assert dictionary.most(1 << 30) == 1 << 24
    text = known_to_the_package(200_000, 7)[:8192]
    taken = dictionary.chosen(None, text).residues.size
    assert 0 < taken <= dictionary.most(text.size)


@pytest.mark.parametrize(("preset", "count"), [("fast", 5000), ("plus", 5000), ("ultra", 40_000)])
def test_a_few_residues_take_the_dictionary_only_if_that_is_smaller(
    preset: str,
    count: int,
    own: tuple[Path, NDArray[np.uint8]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, residues = own
    text = noise(count, 8)
    monkeypatch.setattr(
        dictionary,
        "_excerpt",
        lambda one, _: dictionary.Excerpt(residues[:PIECE], one.digest, [0, 1]),
    )
    coded = encode(CODEC, text, {"dictionary": str(path), "preset": preset})
    assert "pieces" not in coded.parameters


def test_words_in_common_are_counted_where_three_are_in_a_row() -> None:
    draw = random.Random(9)
    text = noise(2000, 10)
    packed_text = noise(4 * 2048, 11)
    for _ in range(12):  # copies of both strands, at any place
        at, to = draw.randrange(1900), draw.randrange(8000)
        copy = text[at : at + 90]
        packed_text[to : to + copy.size] = copy if draw.random() < 0.5 else 3 - copy[::-1]
    words = {tuple(text[i : i + 16]) for i in range(text.size - 15)}
    words |= {tuple(3 - residue for residue in word[::-1]) for word in words}
    expected = []
    for piece in packed_text.reshape(-1, 2048):
        found = [tuple(piece[i : i + 16]) in words for i in range(0, 2048 - 15, 4)]
        rows = zip(found, found[1:], found[2:], strict=False)
        expected.append(sum(map(all, rows)))
    assert sum(expected) > 50
    hits = likeness.hits(text[None], dictionary.packed(packed_text), 2048)
    assert hits.tolist() == expected


@pytest.mark.parametrize("unit", ["ACACAGT", "A", "AT", "GCA", "TTGCAA", "AAAAAAATAAAAAAAT"])
def test_plain_words_are_not_counted(unit: str) -> None:
    residues = np.array([b"ACGT".index(letter) for letter in (unit * 2048).encode()], np.uint8)
    hits = likeness.hits(residues[None, :2048], dictionary.packed(residues[:2048]), 2048)
    assert (hits[0] > 0) == (unit == "ACACAGT")


def test_bits_are_put_together_and_taken_apart() -> None:
    residues = noise(4096, 12)
    assert dictionary.packed(np.array([0, 1, 2, 3], np.uint8)).tolist() == [0b00011011]
    assert np.array_equal(dictionary.unpacked(dictionary.packed(residues)), residues)


def test_a_dictionary_holds_once_what_recurs() -> None:
    repeat = noise(WINDOW, 13)
    genomes = [
        np.concatenate([noise(4 * WINDOW, seed), repeat, noise(3 * WINDOW, 50 + seed)])
        for seed in range(20, 24)
    ]
    one = condensed(genomes, WINDOW)
    assert np.array_equal(one, repeat)
    more = condensed(genomes, 5 * WINDOW).reshape(-1, WINDOW)
    assert len(more) == 5
    assert sum(np.array_equal(window, repeat) for window in more) == 1
    everything = condensed(genomes, 1 << 20)
    assert everything.size == (4 * 7 + 1) * WINDOW  # and no second copy
    assert condensed([], 1 << 20).size == 0


def test_one_of_ones_own_is_made_and_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    genome = noise(40_000, 14)
    for k in range(3):
        strain = letters(changed(genome, 0.02, 15 + k))
        Path(f"{k}.fa").write_bytes(b">strain\n" + strain + b"\n")
    train = ["train", "dictionary", "--size", "40K", "-q", "-o", "mine.safetensors", "0.fa", "1.fa"]
    assert main(train) == 0
    assert main(["compress", "-q", "-o", "alone.acgz", "2.fa"]) == 0
    assert main(["compress", "-q", "--dictionary", "mine.safetensors", "2.fa"]) == 0
    assert Path("2.fa.acgz").stat().st_size < Path("alone.acgz").stat().st_size / 3
    assert main(["cat", "2.fa.acgz"]) == 0
    assert capsys.readouterr().out.encode() == Path("2.fa").read_bytes()
    monkeypatch.setattr("acgz.models.store._remembered", [])
    assert main(["cat", "2.fa.acgz"]) == 8
    assert models.digest_of(Path("mine.safetensors")).hex()[:16] in capsys.readouterr().err
    monkeypatch.setenv("ACGZ_MODELS", "mine.safetensors")
    assert main(["extract", "2.fa.acgz", "strain:1001-1040"]) == 0
    expected = Path("2.fa").read_text().split()[1][1000:1040]
    assert capsys.readouterr().out == f">strain:1001-1040\n{expected}\n"


def test_a_reference_takes_the_place_of_the_dictionary_if_nothing_else_is_said(
    tmp_path: Path,
) -> None:
    residues = known_to_the_package(20_000, 16)
    path = tmp_path / "reference.fa"
    path.write_bytes(b">r\n" + letters(noise(5000, 17)) + b"\n")
    text = letters(residues)
    alone = acgz.compress(text, dictionary="none")
    assert len(acgz.compress(text, reference=str(path))) > 0.9 * len(alone)
    both = acgz.compress(text, reference=str(path), dictionary=str(SHIPPED))
    assert len(both) < 0.6 * len(alone)
    assert acgz.decompress(both) == text


def coded_with(own: tuple[Path, NDArray[np.uint8]]) -> Coded:
    path, residues = own
    return encode(CODEC, changed(residues[: 2 * PIECE], 0.01, 18), {"dictionary": str(path)})


@pytest.mark.parametrize(
    "runs",
    [[0, 11], [9, 2], [3, 1 << 31], [0, -1], ["a", 1], "ab", [0.5, 1], [0] * 70_000 + [0, 1]],
)
def test_pieces_that_there_are_not_are_refused(
    own: tuple[Path, NDArray[np.uint8]], runs: object
) -> None:
    coded = coded_with(own)
    assert coded.parameters["pieces"] == [0, 2]
    wrong = Coded({**coded.parameters, "pieces": runs}, coded.payload)  # type: ignore[dict-item]
    with pytest.raises(DamagedError):
        decode(CODEC, wrong, 2 * PIECE, Job())


def test_another_model_is_no_dictionary(own: tuple[Path, NDArray[np.uint8]]) -> None:
    coded = coded_with(own)
    digest = models.digest_of(priors.shipped()["prokaryotes"])
    for digests in ([], [digest], [b"12345678" * 4]):
        wrong = Coded({**coded.parameters, "models": digests}, coded.payload)
        with pytest.raises((DamagedError, MissingModelError)):
            decode(CODEC, wrong, 2 * PIECE, Job())


def test_what_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    residues = noise(100, 19)
    with pytest.raises(UsageError, match="there is no dictionary 'what'"):
        encode(CODEC, residues, {"dictionary": "what"})
    path = tmp_path / "half.safetensors"
    for kind, array in [
        (dictionary.KIND, np.zeros(100, np.uint8)),
        (dictionary.KIND, np.zeros(512, np.int8)),
        ("engine-prior", np.zeros(512, np.uint8)),
    ]:
        models.write(path, {"kind": kind}, {"residues": array})
        with pytest.raises(InputError, match="not a dictionary"):
            encode(CODEC, residues, {"dictionary": str(path)})
