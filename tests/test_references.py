"""Sequences that both sides know: which they are, where they are looked for, what they bring."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import random
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

import acgz
from acgz import modes, references
from acgz.cli.main import main
from acgz.codec import Coded, Job, decode, encode
from acgz.errors import DamagedError, InputError, MissingModelError

CODEC = modes.get_codec("engine")


def letters(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=count))


def changed(text: str, seed: int) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice("ACGT") if draw.random() < 0.02 else one for one in text)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(references.VARIABLE, raising=False)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(references, "_remembered", [])
    monkeypatch.setattr(references, "_beside", [])
    monkeypatch.setattr(references, "_digests", {})
    references._read.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Has a reference, ref.fa, and a genome that is much like it, new.fa."""
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    sequence = letters(6_007, 1)
    Path("ref.fa").write_text(f">ref\n{sequence}\n")
    Path("new.fa").write_text(f">new\n{changed(sequence, 2)}\n")
    return tmp_path / "in"


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
@pytest.mark.parametrize("lanes", [1, 3])
def test_what_is_like_the_reference_costs_little(folder: Path, mode: str, lanes: int) -> None:
    text = Path("new.fa").read_bytes()
    alone = acgz.compress(text, mode, lanes=lanes)
    archive = acgz.compress(text, mode, lanes=lanes, reference="ref.fa", threads=2)
    assert len(archive) < len(alone) // 2
    assert acgz.compress(text, mode, lanes=lanes, reference="ref.fa") == archive
    assert acgz.decompress(archive) == text


def test_a_reference_is_its_residues_however_they_are_written(folder: Path) -> None:
    text = Path("new.fa").read_bytes()
    archive = acgz.compress(text, "fast", reference="ref.fa")
    sequence = Path("ref.fa").read_text().split()[1]
    other = f">chr1 other\r\n{sequence[:3000].lower()}\r\nNN\n>chr2\n{sequence[3000:]}\n".encode()
    Path("other.fa.gz").write_bytes(gzip.compress(other))
    Path("other.acgz").write_bytes(acgz.compress(other, "twobit"))
    for name in ("other.fa.gz", "other.acgz"):
        assert references.read(name).digest == references.read("ref.fa").digest
        again = acgz.compress(text, "fast", reference=name)
        assert len(again) == len(archive) + len(name) - len("ref.fa")
    assert main(["compress", "-q", "-m", "fast", "--reference", "other.fa.gz", "new.fa"]) == 0
    Path("new.fa").unlink()
    assert main(["decompress", "-q", "new.fa.acgz"]) == 0  # which finds it beside the archive
    assert Path("new.fa").read_bytes() == text


def test_it_is_looked_for_beside_the_archive_where_one_says_and_in_a_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = folder.parent
    assert main(["compress", "-q", "-m", "fast", "--reference", "ref.fa", "new.fa"]) == 0
    forget(monkeypatch)
    assert main(["test", "-q", "new.fa.acgz"]) == 0
    Path("ref.fa").rename(away / "moved.fa")
    forget(monkeypatch)
    assert main(["test", "-q", "new.fa.acgz"]) == 8
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "'ref.fa'" in told
    assert references.VARIABLE in told
    assert main(["test", "-q", "--reference", str(away / "moved.fa"), "new.fa.acgz"]) == 0
    for place in (away, away / "moved.fa"):
        forget(monkeypatch)
        monkeypatch.setenv(references.VARIABLE, str(place))
        assert main(["extract", "-q", "new.fa.acgz", "new:1-10"]) == 0
    assert main(["test", "-q", "--reference", "nowhere.fa", "new.fa.acgz"]) == 3
    assert main(["compress", "-m", "fast", "--reference", "nowhere.fa", "new.fa"]) == 3


def test_info_names_the_reference(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Also of an archive to which something has been added without one."""
    assert main(["compress", "-q", "-m", "fast", "--reference", "ref.fa", "new.fa"]) == 0
    Path("more.fa").write_bytes(b">m\nACGT\n")
    assert main(["append", "-q", "-m", "fast", "new.fa.acgz", "more.fa"]) == 0
    assert main(["info", "new.fa.acgz"]) == 0
    assert "reference  ref.fa" in capfd.readouterr().out.splitlines()
    assert main(["info", "--json", "new.fa.acgz"]) == 0
    (facts,) = json.loads(capfd.readouterr().out)
    assert facts["references"] == ["ref.fa"]
    assert facts["models"][-1] == references.read("ref.fa").digest.hex()
    assert main(["compress", "-q", "-m", "fast", "ref.fa"]) == 0
    assert main(["info", "ref.fa.acgz"]) == 0
    assert "reference" not in capfd.readouterr().out


def test_another_reference_is_not_taken(folder: Path) -> None:
    archive = acgz.compress(Path("new.fa").read_bytes(), "fast", reference="ref.fa")
    Path("ref.fa").write_text(f">ref\n{letters(6_007, 3)}\n")
    with pytest.raises(MissingModelError, match=r"ref\.fa"):
        acgz.decompress(archive)


def test_no_output_goes_where_the_reference_is(folder: Path) -> None:
    before = Path("ref.fa").read_bytes()
    command = ["-q", "-f", "--reference", "ref.fa"]
    assert main(["compress", "-m", "fast", *command, "-o", "ref.fa", "new.fa"]) == 2
    assert main(["compress", "-m", "fast", *command, "new.fa"]) == 0
    assert main(["decompress", *command, "-o", "ref.fa", "new.fa.acgz"]) == 2
    assert main(["extract", *command, "-o", "ref.fa", "new.fa.acgz", "new"]) == 2
    assert main(["profile", "-m", "fast", *command, "-o", "ref.fa", "new.fa"]) == 2
    assert Path("ref.fa").read_bytes() == before


def test_what_is_no_reference_is_refused(folder: Path) -> None:
    Path("empty.fa").write_text(">nothing\n")
    Path("cut.fa.gz").write_bytes(gzip.compress(b">x\nACGT\n")[:-5])
    for name in ("empty.fa", "cut.fa.gz", "nowhere.fa"):
        with pytest.raises(InputError, match=name):
            acgz.compress(b"ACGT", "fast", reference=name)


def test_a_stored_reference_is_not_trusted(folder: Path) -> None:
    original = np.array([b"ACGT".index(one) for one in b"GATTACA" * 50], np.uint8)
    coded = encode(CODEC, original, {"preset": "fast", "reference": "ref.fa"})
    assert np.array_equal(decode(CODEC, coded, original.size), original)
    assert coded.parameters["known"] == 6_007 // 32 * 32
    for wrong in (
        {"known": 32},
        {"known": 33},
        {"known": 1 << 31},
        {"known": -32},
        {"reference": b""},
        {"reference": "ref.fa"},
        {"hint": 5},
    ):
        with pytest.raises(DamagedError):
            decode(CODEC, Coded({**coded.parameters, **wrong}, coded.payload), original.size, Job())
    for hint in ("../ref.fa", str(folder / "ref.fa")):  # no archive says where to look
        references._remembered[:] = [folder / "none"]
        with pytest.raises(MissingModelError):
            decode(
                CODEC,
                Coded({**coded.parameters, "hint": hint}, coded.payload),
                original.size,
                Job(),
            )


# --- references that are archives, which need references


@pytest.fixture
def chain(folder: Path) -> list[Path]:
    """third.acgz needs second.acgz, that needs first.acgz, and that ref.fa."""
    text = Path("new.fa").read_text()
    known = Path("ref.fa")
    made = []
    for number, name in enumerate(("first", "second", "third")):
        text = text.replace("ACG", "AGG", number + 1)
        archive = Path(f"{name}.acgz")
        archive.write_bytes(acgz.compress(text.encode(), "fast", reference=str(known)))
        known = archive
        made.append(archive)
    return made


def ends(work: list[threading.Thread]) -> bool:
    """Whether threads that are started end at all."""
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(60)
    return not any(thread.is_alive() for thread in work)


def test_a_reference_may_need_references(
    chain: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch)
    assert main(["test", "-q", "third.acgz"]) == 0
    os.makedirs("away/further")
    for file in ("first.acgz", "ref.fa"):
        shutil.move(file, "away/further")
    shutil.move("third.acgz", "away")
    for known in (["second.acgz", "away/further"], [".", "away/further"]):
        forget(monkeypatch)
        monkeypatch.setenv(references.VARIABLE, os.pathsep.join(known))
        assert main(["test", "-q", "away/third.acgz"]) == 0
    forget(monkeypatch)
    monkeypatch.delenv(references.VARIABLE)
    given = ["--reference", "second.acgz", "--reference", "away/further"]
    assert main(["test", "-q", *given, "away/third.acgz"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["test", "--reference", "first.acgz", "first.acgz"],
        ["test", "hb/x.acgz"],
        ["compress", "-m", "fast", "--reference", "first.acgz", "-o", "none.acgz", "new.fa"],
        ["profile", "-m", "fast", "--reference", "first.acgz", "new.fa"],
    ],
)
@pytest.mark.parametrize("known", ["", "."])
def test_a_reference_that_needs_itself_is_refused(
    chain: list[Path],
    words: list[str],
    known: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    os.mkdir("hb")
    for name in ("x.acgz", "ref.fa"):
        shutil.copy("first.acgz", f"hb/{name}")
    Path("ref.fa").unlink()
    forget(monkeypatch)
    monkeypatch.setenv(references.VARIABLE, known)
    codes: list[int] = []
    assert ends([threading.Thread(target=lambda: codes.append(main(words)), daemon=True)])
    assert codes == [8]
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "needs the reference 'ref.fa' itself" in told


def test_threads_that_need_different_references_do_not_wait_for_each_other(
    chain: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch)
    monkeypatch.setenv(references.VARIABLE, ".")
    data = [path.read_bytes() for path in chain]
    found: list[bytes] = []
    work = [
        threading.Thread(
            target=lambda one=one: found.append(acgz.decompress(one, threads=2)), daemon=True
        )
        for one in data * 2
    ]
    assert ends(work)
    assert len(found) == 6


def test_too_many_references_in_a_row_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "_MOST_LEVELS", 2)
    known = "ref.fa"
    for number in range(2):
        name = f"{number}.acgz"
        text = f">a\n{letters(300, number)}\n".encode()
        Path(name).write_bytes(acgz.compress(text, "fast", reference=known))
        known = name
    references._read.cache_clear()
    assert references.read(known).level == 2
    Path("2.acgz").write_bytes(acgz.compress(b"ACGTTGCA" * 9, "fast", reference=known))
    with pytest.raises(InputError, match="more than 2 references"):
        references.read("2.acgz")


def test_what_cannot_be_read_is_not_the_reference(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = acgz.compress(Path("new.fa").read_bytes(), "fast", reference="ref.fa")
    text = Path("new.fa").read_bytes()
    os.mkdir("refs")
    Path("refs/a.acgz").write_bytes(archive[:-9])
    Path("refs/b.fa.gz").write_bytes(b"\x1f\x8bno")
    Path("refs/c.fa").symlink_to("c.fa")
    Path("refs/d.acgz").write_bytes(archive)
    shutil.move("ref.fa", "refs/renamed.fa")
    forget(monkeypatch)
    assert acgz.decompress(archive, reference="refs") == text

    def closed(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    forget(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", closed)
        with pytest.raises(MissingModelError):
            acgz.decompress(archive, reference="refs")


def test_it_is_said_that_a_file_has_other_bases(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", "-q", "-m", "fast", "--reference", "ref.fa", "new.fa"]) == 0
    Path("ref.fa").write_text(f">ref\n{letters(500, 3)}\n")
    for words in ([], ["--reference", "new.fa"]):
        forget(monkeypatch)
        assert main(["test", "-q", *words, "new.fa.acgz"]) == 8
        told = capsys.readouterr().err
        assert "ref.fa has other bases" in told
        assert ("new.fa has other bases" in told) == bool(words)
        assert "--reference" in told
    assert main(["profile", "-m", "fast", "new.fa.acgz"]) == 8
    told = capsys.readouterr().err
    assert "ref.fa has other bases" in told
    assert "--reference" not in told


def test_a_profile_of_an_archive_finds_the_reference_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["compress", "-q", "-m", "fast", "--reference", "ref.fa", "new.fa"]) == 0
    monkeypatch.chdir(folder.parent)
    forget(monkeypatch)
    assert main(["profile", "-q", "-m", "fast", "-o", "track", "in/new.fa.acgz"]) == 0
    forget(monkeypatch)
    assert len(acgz.profile("in/new.fa.acgz", "fast")) == 1


def test_python_finds_it_beside_the_archive_or_where_one_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["compress", "-q", "-m", "fast", "--reference", "ref.fa", "new.fa"]) == 0
    sequence = Path("new.fa").read_text().split()[1]
    monkeypatch.chdir(folder.parent)
    forget(monkeypatch)
    with acgz.open("in/new.fa.acgz") as archive:
        assert archive["new"][:20] == sequence[:20]
    shutil.move("in/ref.fa", "moved.fa")
    forget(monkeypatch)
    with acgz.open("in/new.fa.acgz") as archive, pytest.raises(MissingModelError) as caught:
        archive["new"][:20]
    assert "--" not in str(caught.value)
    with acgz.open("in/new.fa.acgz", reference="moved.fa") as archive:
        assert archive["new"][:20] == sequence[:20]
        pickled = pickle.dumps(archive)
    forget(monkeypatch)
    with pickle.loads(pickled) as archive:
        assert archive["new"][:20] == sequence[:20]
    data = Path("in/new.fa.acgz").read_bytes()
    forget(monkeypatch)
    assert sequence.encode() in acgz.decompress(data, reference=Path("moved.fa"))
    with pytest.raises(InputError, match="cannot read the reference nowhere"):
        acgz.decompress(data, reference="nowhere")


def test_a_reference_that_changes_while_it_is_read_is_missing(
    chain: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(monkeypatch)
    monkeypatch.setattr(references._Search, "find", lambda *_: None)
    with pytest.raises(MissingModelError, match=r"the reference first\.acgz cannot"):
        references.read("first.acgz")
