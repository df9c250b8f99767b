"""The tools beside the tests know the present sources."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys

import pytest

import acgz
import determinism
import faults
import fuzz_targets
import mutants
import soak
from acgz import layout
from acgz.engine import dictionary
from acgz.layout import text as header_lines
from acgz.modes import MODES, get_mode
from acgz.nets.deepgeco.repeats import share_of_repeats
from acgz.nets.deepgeco.settings import DeepGeCoSettings
from acgz.nets.geneformer import codec as geneformer
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.workers import Workers
from mutation import changed_bytes, changed_tree
from paths import ROOT, TESTS


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.what)
def test_every_mutant_breaks_a_line_that_is_there(mutant: mutants.Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    assert mutants.changed(mutant, text) != text
    assert all((TESTS / name).exists() for name in mutant.tests.split())


def test_changes_of_bytes_and_trees_are_repeatable_and_change_something() -> None:
    tree = {"lanes": 3, "models": [b"digest"], "name": "x", "more": [1, [2, 3]]}
    for seed in range(200):
        once, again = (changed_tree(tree, random.Random(seed)) for _ in range(2))
        assert repr(once) == repr(again)
    assert sum(changed_tree(tree, random.Random(seed)) != tree for seed in range(200)) > 150
    assert sum(changed_bytes(b"abc", random.Random(seed)) != b"abc" for seed in range(200)) > 150


def test_a_soak_notices_wrong_bytes_and_wrong_records(monkeypatch) -> None:
    text = b">a\nACGT\n>b\nGGG\n"
    archive = acgz.compress(text, "order0", block=17)
    assert soak.fault(text, archive, random.Random(1)) == ""
    with monkeypatch.context() as broken:
        broken.setattr("acgz.decompress", lambda archive: text[1:])
        assert "bytes" in soak.fault(text, archive, random.Random(1))
    lengths = iter(range(4))
    monkeypatch.setattr("acgz.archive.Record.length", property(lambda _: next(lengths)))
    assert "records" in soak.fault(text, archive, random.Random(1))


def test_every_mode_has_a_way_through_a_soak_with_what_users_have(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(geneformer, "is_smaller", geneformer.is_smaller)  # as it is, afterwards
    courses = [soak.networks_of_the_package(tmp_path), soak.fitted_networks(tmp_path)]
    modes = {*soak.QUICK, *(way.mode for course in courses for way in course.ways.values())}
    coded = [(get_mode(mode).codec, get_mode(mode).settings) for mode in modes]
    for mode in MODES.values():
        assert any(mode.codec == codec and mode.settings.items() <= settings.items()
                   for codec, settings in coded), mode.name  # fmt: skip


def test_what_takes_long_is_drawn_less() -> None:
    course = soak.Course({"quick": soak.Way("fast"), "long": soak.Way("ultra", share=0.1)})
    drawn = [course.draw(random.Random(seed)) for seed in range(2000)]
    assert 100 < drawn.count("long") < 300  # 182 of 2000


def test_a_soak_of_modes_that_it_does_not_have_says_so(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["soak.py", "--modes", "fast", "deepgeco-ultra"])
    monkeypatch.setitem(sys.modules, "torch", sys.modules.get("torch"))  # as it is, afterwards
    with pytest.raises(SystemExit):
        soak.main()
    assert "no way through deepgeco-ultra here" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("networks", ["tiny", "shipped"])
def test_a_soak_goes_through_networks(networks, tmp_path) -> None:
    run = [sys.executable, ROOT / "tools" / "soak.py", "--networks", networks, "--count", "6"]
    without_shared = {**os.environ, "ACGZ_SHARED": str(tmp_path)}
    said = subprocess.run(
        run, env=without_shared, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "6 pieces of 1 files came back" in said
    assert "deep" in said or "geneformer" in said or "seqcoder" in said


def test_determinism_notices_an_archive_that_differs(monkeypatch, capsys) -> None:
    digests = iter([{"tiny plus": "a", "tiny fast": "b"}, {"tiny plus": "a", "tiny fast": "c"}])
    monkeypatch.setattr(determinism, "archives", lambda *_: ("Python", next(digests)))
    monkeypatch.setattr(sys, "argv", ["determinism.py", "--only", "2 threads"])
    assert determinism.main() == 1
    assert "2 archives, 1 different tiny fast" in capsys.readouterr().out


@pytest.mark.slow
def test_determinism_meets_a_prior_and_ultra() -> None:
    small, large = (determinism.genome(bases) for bases in (12_500, 200_000))
    assert acgz.open(io.BytesIO(acgz.compress(small, "plus"))).info.models
    whole = acgz.open(io.BytesIO(acgz.compress(large, "ultra"))).info
    assert whole.mode == "ultra"
    assert whole.models


def test_determinism_meets_the_dictionary() -> None:
    residues = layout.split(determinism.genome(100_000)).residues
    assert dictionary.chosen(None, residues).residues.size > 2 * dictionary.PIECE


def test_determinism_meets_networks_whose_work_threads_share() -> None:
    residues = layout.split(determinism.genome(determinism.SIZES["small"])).residues
    plus = DeepGeCoSettings(level="plus")
    lanes = plus.lanes_for(plus.grid.tokens(residues.size), share_of_repeats(residues))
    assert len(Workers(2).divide(lanes)) == 2
    assert residues.size > 2 * SeqCoderArchitecture().chunk


@pytest.mark.slow
@pytest.mark.parametrize("networks", [[], ["--shipped"]])
def test_determinism_compares_networks(networks) -> None:
    only = ["--only", "2 threads", "--largest", "tiny", "--modes", "seqcoder", "seqcoder-twobit"]
    run = [sys.executable, ROOT / "tools" / "determinism.py", *networks, *only]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said.count(": 2 archives, 0 different") == 2


@pytest.mark.slow
@pytest.mark.parametrize("work", faults.WORKS, ids=lambda work: work.name)
@pytest.mark.parametrize("what", ["9", "2", "15", "error"])
def test_a_fault_before_any_call_of_the_system_loses_nothing(work, what, tmp_path) -> None:
    scene = faults.Scene(tmp_path, work, b">genome\n" + b"ACGT" * 50 + b"\n")
    assert faults.stopped_at_every_call(scene, what) > 5


def test_a_primer_that_is_read_once_changes_no_layout(monkeypatch) -> None:
    monkeypatch.setattr(header_lines, "_code", header_lines._code)  # as it is now, afterwards
    texts = [b">a b\nACGT\n>a c\nAC", b">a\nNNacgtN\n" * 9, b">" + bytes(range(11, 90)) + b"\nA"]
    right = [layout.split(text) for text in texts]
    fuzz_targets.read_primers_once()
    for _ in "12":
        for text, parts in zip(texts, right, strict=True):
            assert layout.split(text).layout == parts.layout
            assert layout.join(parts.residues, parts.layout, max_size=len(text)) == text
