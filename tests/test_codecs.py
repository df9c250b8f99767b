"""What every codec owes, tried on every row of the table of modes.

A new mode is tried here without a line more. If the full size of its model is too slow for that,
`codec_checks.quick_settings` says where a smaller one is found.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import acgz
from acgz import modes
from acgz.codec import Codec, Coded, Job, decode, encode
from acgz.errors import AcgzError, DamagedError, LimitError, UsageError
from acgz.modes import MODES, Mode, get_mode, mode_of
from codec_checks import orderly, quick_settings

SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130, 257)
"""Around the ends of bytes, k-mers, windows and groups."""
ENOUGH = 130
"""Residues: a few steps of everything."""
NONSENSE = (
    None,
    True,
    -1,
    0,
    1 << 31,
    1 << 63,
    0.5,
    float("nan"),
    "",
    "x",
    b"",
    b"\1",
    [],
    [1],
    {},
)


@dataclass(frozen=True)
class Case:
    """A mode as the tests run it."""

    mode: Mode
    codec: Codec
    settings: Mapping[str, Any]

    def encode(self, residues: NDArray[np.uint8], threads: int = 1) -> Coded:
        return encode(self.codec, residues, self.settings, Job(threads))

    def compress(self, text: bytes) -> bytes:
        return acgz.compress(text, self.mode.name, **self.settings)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(params=MODES.values(), ids=lambda mode: mode.name)
def case(request: pytest.FixtureRequest, models: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    mode: Mode = request.param
    monkeypatch.setenv("ACGZ_MODELS", str(models))
    quick = quick_settings(mode, models, monkeypatch)
    return Case(mode, modes.get_codec(mode.codec), {**mode.settings, **quick})


def test_residues_of_every_number_come_back(case: Case) -> None:
    for count in SIZES:
        original = orderly(count, seed=count)
        original.flags.writeable = False
        restored = decode(case.codec, case.encode(original), count)
        assert restored.dtype == np.uint8
        assert restored.tolist() == original.tolist(), count


@pytest.mark.parametrize("symbol", [0, 3])
def test_residues_that_are_all_alike_come_back(case: Case, symbol: int) -> None:
    original = np.full(ENOUGH, symbol, np.uint8)
    assert decode(case.codec, case.encode(original), ENOUGH).tolist() == original.tolist()


def test_threads_change_nothing(case: Case) -> None:
    original = orderly(ENOUGH)
    one = case.encode(original)
    assert case.encode(original, threads=3) == one
    assert decode(case.codec, one, ENOUGH, Job(threads=3)).tolist() == original.tolist()


def test_what_a_block_stores_names_its_mode(case: Case) -> None:
    found = mode_of(case.mode.codec, case.encode(orderly(ENOUGH)).parameters)
    if case.mode.name == "ultra":  # a block is one of plus where that is not larger
        assert found in ("ultra", "plus")
        return
    spelled = len(case.mode.spelled)
    assert found.rsplit("-", spelled)[0] == case.mode.name if spelled else found == case.mode.name
    assert get_mode(found).codec == case.codec.name


def test_progress_counts_the_residues(case: Case) -> None:
    """All of them, up to a k-mer more; or none where it is too quick to be watched."""
    for_encoding, for_decoding = Job(), Job()
    coded = encode(case.codec, orderly(ENOUGH), case.settings, for_encoding)
    decode(case.codec, coded, ENOUGH, for_decoding)
    for job in (for_encoding, for_decoding):
        counted = job.progress.residues
        assert counted == 0 or ENOUGH <= counted < ENOUGH + 16


def test_decoding_stays_within_the_memory_limit(case: Case) -> None:
    coded = case.encode(orderly(ENOUGH))
    needed = case.codec.memory(coded.parameters, ENOUGH) + ENOUGH + len(coded.payload)
    decode(case.codec, coded, ENOUGH, Job(memory_limit=needed))
    with pytest.raises(LimitError):
        decode(case.codec, coded, ENOUGH, Job(memory_limit=needed - 1))


@pytest.mark.parametrize("count", [1 << 40, 1 << 62])
def test_a_number_of_residues_that_nobody_paid_for_is_refused_at_once(
    case: Case, count: int
) -> None:
    coded = case.encode(orderly(ENOUGH))
    tracemalloc.start()
    try:
        with pytest.raises((LimitError, DamagedError)):
            decode(case.codec, coded, count)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_parameters_that_make_no_sense_are_never_a_crash(case: Case) -> None:
    """Damage, a limit, a missing model, or residues; of parameters left away as well."""
    coded = case.encode(orderly(ENOUGH))
    damaged = 0
    for name in coded.parameters:
        others = {key: value for key, value in coded.parameters.items() if key != name}
        for parameters in (others, *({**others, name: value} for value in NONSENSE)):
            damaged += not decodes(case.codec, Coded(parameters, coded.payload))
    assert damaged > 0 or not coded.parameters


def test_a_payload_that_is_cut_or_changed_is_never_a_crash(case: Case) -> None:
    coded = case.encode(orderly(ENOUGH))
    payload = coded.payload
    for size in sorted({*range(min(9, len(payload))), len(payload) // 2, len(payload) - 1}):
        decodes(case.codec, Coded(coded.parameters, payload[:size]))
    for changed in mutations(payload, 12):
        decodes(case.codec, Coded(coded.parameters, changed))


def test_a_changed_payload_never_becomes_wrong_bytes(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payload is changed before the archive is written: all its checksums fit."""
    text = b">a\n" + bytes(b"ACGT"[base] for base in orderly(ENOUGH)) + b"NNac\n>b\nGATTACA\n"
    honest = case.compress(text)
    assert acgz.decompress(honest) == text
    kind = type(case.codec)
    right = kind.encode
    for number in range(6):

        def wrong(*arguments: Any, number: int = number) -> Coded:
            parameters, payload = right(*arguments)
            return Coded(parameters, mutations(payload, 6)[number])

        monkeypatch.setattr(kind, "encode", wrong)
        archive = case.compress(text)
        monkeypatch.setattr(kind, "encode", right)
        assert archive != honest
        try:
            assert acgz.decompress(archive) == text
        except AcgzError:
            continue


def test_a_setting_that_there_is_not_is_named(case: Case) -> None:
    with pytest.raises(UsageError, match=f"{case.codec.name} has no setting 'lames'"):
        encode(case.codec, orderly(ENOUGH), {**case.settings, "lames": 1})


def decodes(codec: Codec, coded: Coded) -> bool:
    """False for an error of acgz; fails for any other, and for what are no residues."""
    try:
        residues = decode(codec, coded, ENOUGH, Job(memory_limit=1 << 30))
    except AcgzError:
        return False
    assert residues.shape == (ENOUGH,)
    assert residues.dtype == np.uint8
    assert residues.max() < 4
    return True


def mutations(payload: bytes, count: int) -> list[bytes]:
    """Payloads that differ from it: bytes flipped, cut, inserted and swapped."""
    generator = np.random.default_rng(len(payload))
    found: list[bytes] = []
    while len(found) < count:
        at = int(generator.integers(len(payload) + 1))
        byte = bytes([generator.integers(256)])
        changed = (
            payload[:at] + byte + payload[at + 1 :],
            payload[:at],
            payload[:at] + byte + payload[at:],
            payload[at:] + payload[:at],
        )[len(found) % 4]
        if changed != payload:
            found.append(changed)
    return found
