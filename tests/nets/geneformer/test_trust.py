"""A network that is wrong costs two bits a base, whatever it says."""

from __future__ import annotations

from math import log2
from pathlib import Path

import numpy as np
import pytest
from geneformer_models import tiny_model
from numpy.typing import NDArray

import acgz
from acgz import modes
from acgz.codec import Coded, Job, decode, encode
from acgz.coding.predictor import PRECISION
from acgz.errors import DamagedError
from acgz.nets.geneformer import codec
from acgz.nets.geneformer.trust import LEAST, ONE, Trust
from codec_checks import residues
from paths import TESTS

CODEC = modes.get_codec("geneformer")
SURE = np.array([[(1 << PRECISION) - 3, 1, 1, 1]], np.uint32)
"""A network that expects A."""


def costs(symbols: list[int]) -> NDArray[np.float64]:
    """Bits of each symbol of one lane, of which the network expects nothing but A."""
    trust, found = Trust(1), []
    for symbol in symbols:
        mixed = trust.mix(SURE)
        assert mixed.sum() == 1 << PRECISION
        assert mixed.min() >= 1
        found.append(PRECISION - log2(mixed[0, symbol]))
        trust.learn(SURE, np.array([symbol], np.int64))
    return np.array(found)


def test_a_network_that_is_wrong_costs_two_bits_and_its_first_mistake() -> None:
    bits = costs([1, 2, 3] * 300)
    assert bits[0] == pytest.approx(3, abs=0.1)
    assert bits[10:].max() < 2.001


def test_trust_is_lost_at_once_and_comes_back() -> None:
    bits = costs([0] * 100 + [1] * 20 + [0] * 100)
    assert bits[50:100].max() < 0.001
    assert bits[100] < 2 - log2(LEAST / ONE) + 0.01
    assert bits[102:120].max() < 2.2
    assert bits[130:].max() < 0.01


def test_lanes_are_trusted_each_by_itself() -> None:
    trust = Trust(2)
    both = np.repeat(SURE, 2, axis=0)
    for _ in range(20):
        trust.learn(both, np.array([0, 1], np.int64))
    right, wrong = trust.mix(both)
    assert right[0] > 60_000
    assert wrong[0] < 17_000


@pytest.mark.parametrize("mode", ["geneformer", "geneformer-grouped"])
@pytest.mark.parametrize("count", [0, 1, 64, 65, 400, 3000])
def test_what_the_network_does_not_know_is_stored_in_two_bits(mode: str, count: int) -> None:
    text = b">r\n" + np.frombuffer(b"ACGT", "S1")[residues(count)].tobytes() + b"\n"
    archive = acgz.compress(text, mode)
    assert acgz.decompress(archive) == text
    assert len(archive) <= len(acgz.compress(text, "twobit")) + 24


def test_two_bits_need_no_network(tmp_path: Path) -> None:
    """Its file may be gone."""
    model = tiny_model(tmp_path)
    coded = encode(CODEC, residues(300), {"model": str(model)}, Job())
    model.unlink()
    assert coded.parameters == {"grouped": False}
    assert decode(CODEC, coded, 300, Job()).tolist() == residues(300).tolist()
    with pytest.raises(DamagedError, match="cannot hold"):
        decode(CODEC, Coded(coded.parameters, coded.payload[1:]), 300, Job())


def test_of_a_long_sequence_a_sample_is_tried_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that does not know the sample is not asked for the rest."""
    model, asked = tiny_model(tmp_path), []
    monkeypatch.setattr(codec, "SAMPLE_PIECE", 100)
    monkeypatch.setattr(codec, "LITTLE", 9000)
    inner = codec.streams.encode

    def counted(symbols: NDArray[np.uint8], *rest: object) -> bytes:
        asked.append(symbols.size)
        return inner(symbols, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(codec.streams, "encode", counted)
    for count, expected in ((9000, [9000]), (9001, [6400])):
        asked.clear()
        coded = encode(CODEC, residues(count), {"model": str(model), "grouped": True}, Job())
        assert (asked, coded.parameters) == (expected, {"grouped": True})


@pytest.mark.parametrize(("model", "most"), [("human", 0.35), ("hybrid", 0.7)])
def test_a_network_of_the_package_knows_human_mitochondria(model: str, most: float) -> None:
    """Of 540 bases 64 take two bits each; one that is not trained leaves all of them so."""
    text = acgz.decompress((TESTS / "golden" / "geneformer-mitochondrion.acgz").read_bytes())
    codes = text.split(b"\n", 1)[1].translate(bytes.maketrans(b"ACGT", bytes(range(4))), b"\n")
    bases = np.frombuffer(codes, np.uint8)
    coded = encode(CODEC, bases, {"model": model}, Job())
    assert bases.size == 540
    assert len(coded.payload) < most * bases.size / 4
    assert decode(CODEC, coded, bases.size, Job()).tolist() == bases.tolist()


def test_an_untrained_network_leaves_two_bits(tmp_path: Path) -> None:
    coded = encode(CODEC, residues(540), {"model": str(tiny_model(tmp_path))}, Job())
    assert (coded.parameters, len(coded.payload)) == ({"grouped": False}, 540 // 4)
