"""The Python object beside pyfaidx, pysam and Biopython on the same FASTA."""

from __future__ import annotations

import io
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyfaidx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acgz
from acgz.errors import MissingDependencyError, NotInArchiveError, RecordNotFoundError, UsageError

SEQUENCES = {
    "chr1": "".join(random.Random(1).choices("ACGTacgtNRYK", k=523)),
    "chr2": "".join(random.Random(2).choices("ACGT", k=60)),
    "gi|3|x": "ACGTNNnnRYKMBDHVSW",
}
TEXT = "".join(
    f">{name} of  species\t{n}\n" + "".join(f"{seq[i : i + 50]}\n" for i in range(0, len(seq), 50))
    for n, (name, seq) in enumerate(SEQUENCES.items())
).encode()


def opened(text: bytes = TEXT, block: int = 100) -> acgz.Archive:
    return acgz.open(io.BytesIO(acgz.compress(text, "twobit", block=block)))


ARCHIVE = opened()


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pyfaidx.Fasta]:
    path = tmp_path_factory.mktemp("fasta") / "x.fa"
    path.write_bytes(TEXT)
    with pyfaidx.Fasta(str(path)) as genome:
        yield genome


@pytest.fixture(scope="module")
def ours() -> acgz.Fasta:
    return acgz.Fasta(ARCHIVE)


def described(piece: Any) -> tuple[Any, ...]:
    return str(piece), piece.name, piece.start, piece.end, piece.comp


PLACES = st.none() | st.integers(-530, 530)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(list(SEQUENCES)),
    start=PLACES,
    stop=PLACES,
    step=st.sampled_from([None, 1, -1, 2, -3]),
    inner=st.slices(20),
)
def test_slices_have_the_places_that_pyfaidx_gives_them(
    theirs: pyfaidx.Fasta, name: str, start: int | None, stop: int | None, step: int, inner: slice
) -> None:
    piece = ARCHIVE[name][start:stop:step]
    assert piece == SEQUENCES[name][start:stop:step]
    assert (piece.start is None) == (not piece or abs(step or 1) > 1)
    if not piece or min(start or 0, stop or 0) < -len(SEQUENCES[name]):
        return  # pyfaidx has places for nothing, and other slices than Python behind the ends
    if max(start or 0, stop or 0) <= len(SEQUENCES[name]):
        assert described(piece) == described(theirs[name][start:stop:step])
        assert described(-piece) == described(-theirs[name][start:stop:step])
        assert described(piece.complement) == described(theirs[name][start:stop:step].complement)
        assert described(piece.reverse) == described(theirs[name][start:stop:step].reverse)
        if piece[inner] and abs(step or 1) == 1:
            known = theirs[name][start:stop:step]
            if len(piece) > 1:  # of one letter pyfaidx forgets the direction, as we do
                assert described(piece[inner]) == described(known[inner])


def test_single_letters_are_pieces_too(theirs: pyfaidx.Fasta) -> None:
    for at in (0, 7, -1, np.int64(3)):
        assert described(ARCHIVE["chr1"][at]) == described(theirs["chr1"][int(at)])
    with pytest.raises(IndexError):
        ARCHIVE["chr2"][60]


def test_names_lengths_and_headers_are_those_of_pyfaidx(
    theirs: pyfaidx.Fasta, ours: acgz.Fasta
) -> None:
    assert list(ours.keys()) == list(theirs.keys())
    assert [record.name for record in ours] == [record.name for record in theirs]
    assert [len(record) for record in ours.values()] == [len(r) for r in theirs.values()]
    assert list(ours.records) == list(theirs.records)
    assert len(ours) == len(theirs)
    assert [record.long_name for record in ours] == [record.long_name for record in theirs]
    assert ("chr1" in ours, "chr3" in ours) == ("chr1" in theirs, "chr3" in theirs)
    assert str(ours["chr2"]) == str(theirs["chr2"]) == str(ours[1])
    assert dict(ours.items()).keys() == dict(theirs.items()).keys()
    with pytest.raises(KeyError):
        ours["chr3"]
    with pytest.raises(IndexError):
        ours[3]


@pytest.mark.parametrize("rc", [False, True])
@pytest.mark.parametrize("interval", [(1, 1), (1, 523), (100, 299), (500, 600)])
def test_intervals_are_those_of_pyfaidx(
    theirs: pyfaidx.Fasta, ours: acgz.Fasta, interval: tuple[int, int], rc: bool
) -> None:
    known = theirs.get_seq("chr1", *interval, rc=rc)
    found = ours.get_seq("chr1", *interval, rc=rc)
    assert found == str(known)
    if interval[1] <= 523:  # of an end behind the record pyfaidx keeps what was asked for
        assert described(found) == described(known)
    assert ours.fetch("chr1", *interval) == str(theirs.faidx.fetch("chr1", *interval))
    pieces = [(1, 10), interval]
    spliced = ours.get_spliced_seq("chr1", pieces, rc=rc)
    assert spliced == str(theirs.get_spliced_seq("chr1", pieces, rc=rc))


def test_records_are_numpy_arrays_as_in_pyfaidx(theirs: pyfaidx.Fasta) -> None:
    for name, sequence in SEQUENCES.items():
        assert np.array_equal(np.asarray(ARCHIVE[name]), np.asarray(theirs[name]))
        assert bytes(ARCHIVE[name]) == sequence.encode()
        assert ARCHIVE[name][3:9].array.view("u1").tolist() == list(sequence[3:9].encode())
        assert "".join(ARCHIVE[name]) == sequence
    assert np.array(ARCHIVE["chr2"], dtype="U1").dtype == np.dtype("U1")


def test_an_archive_is_a_mapping() -> None:
    assert list(ARCHIVE.keys()) == list(SEQUENCES)
    assert len(ARCHIVE.keys()) == len(ARCHIVE) == 3
    assert "chr2" in ARCHIVE.keys()  # noqa: SIM118
    assert [str(record) for record in ARCHIVE.values()] == list(SEQUENCES.values())
    assert {name: str(record) for name, record in ARCHIVE.items()} == SEQUENCES
    record = ARCHIVE.get("chr2")
    assert record is not None
    assert record.name == "chr2"
    assert ARCHIVE.get("chr9") is None
    assert ARCHIVE.get("chr9", 7) == 7


def test_records_are_a_sequence() -> None:
    records = ARCHIVE.records
    assert [record.name for record in records[1:]] == ["chr2", "gi|3|x"]
    assert [record.name for record in ARCHIVE[::-1]] == list(reversed(SEQUENCES))
    assert ARCHIVE[1:]["gi|3|x"].number == 2
    assert ARCHIVE[::-1]["chr1"].number == 0
    assert list(ARCHIVE[::2].names) == ["chr1", "gi|3|x"]
    assert records[np.int8(-1)].name == "gi|3|x"
    assert "chr1" not in ARCHIVE[1:]
    assert records[0] in records
    assert records[0] not in records[1:]
    for key in (3, -4, "chr9"):
        with pytest.raises(RecordNotFoundError):
            records[key]


def test_pieces_are_strings_that_can_be_pickled() -> None:
    piece = ARCHIVE["chr1"][10:20]
    assert isinstance(piece, str)
    assert type(piece.seq) is str
    assert type(str(piece)) is str
    assert piece.region == "chr1:11-20"
    assert described(pickle.loads(pickle.dumps(-piece))) == described(-piece)
    assert {piece: 1}[SEQUENCES["chr1"][10:20]] == 1
    assert (-ARCHIVE["gi|3|x"]).comp
    assert acgz.Sequence("GCAT").gc == 0.5
    assert acgz.Sequence("").gc == 0


def test_the_other_strand_of_rna_is_rna_also_where_there_is_no_u() -> None:
    archive = opened(b">r\nAAACCGU\n>p\nMKVL\n")
    assert -archive["r"][:3] == "UUU"
    assert -archive["r"][:3][:1] == "U"
    assert -archive["r"] == "ACGGUUU"
    with pytest.raises(UsageError, match="'L' is no nucleotide"):
        -archive["p"]


def test_regions_are_those_of_the_command_line() -> None:
    assert ARCHIVE.region("chr2:2-4") == SEQUENCES["chr2"][1:4]
    assert ARCHIVE.region("chr2:2-4").start == 2
    asked = ["chr1:500-", "chr2", "chr?:1-2", "chr1:2-3", "gi|3|x:3"]
    found = list(ARCHIVE.regions(asked))
    one, two, three = SEQUENCES.values()
    assert found == [one[499:], two, one[:2], two[:2], one[1:3], three[2:]]
    assert [piece.region for piece in found[3:]] == ["chr2:1-2", "chr1:2-3", "gi|3|x:3-18"]
    with pytest.raises(RecordNotFoundError):
        ARCHIVE.regions(["chr1", "chr9"]).__next__()
    with pytest.raises(RecordNotFoundError, match="2 records"):
        ARCHIVE.region("chr*")


@pytest.mark.parametrize("block", [16, 30, 64, 1 << 20])
def test_headers_are_found_wherever_blocks_end(block: int) -> None:
    text = b"\n".join(
        b">r%d %s\n%s" % (n, b"word " * (n % 4), b"ACGTACGTACGTAC\n" * (n % 3)) for n in range(40)
    )
    archive = opened(text, block)
    expected = [line[1:].decode() for line in text.split(b"\n") if line.startswith(b">")]
    assert [record.long_name for record in archive] == expected
    assert opened(b"ACGT\n>a b\nAC\n", block)[""].long_name == ""
    crlf = opened(b">a b\r\nACGT\r\n>c d\r\nAC\r\n", block)
    assert [record.long_name for record in crlf] == ["a b", "c d"]


@pytest.mark.parametrize("block", [16, 30, 1 << 20])
def test_headers_are_found_in_archives_of_several_files(block: int) -> None:
    files = {f"f{n}": b";x\n" * (n % 3) + b">a%d first\nACGT\n>b\n" % n for n in range(9)}
    out = io.BytesIO()
    acgz.create(
        out, {name: io.BytesIO(text) for name, text in files.items()}, "twobit", block=block
    )
    with acgz.open(out) as archive:
        names = [record.long_name for record in archive]
        assert names == [name for n in range(9) for name in (f"a{n} first", "b")]
        assert archive.records_of("f3")["b"].number == 7
        assert [record.file for record in archive.records_of("f8")] == ["f8", "f8"]
        with pytest.raises(NotInArchiveError):
            archive.records_of("f9")
        with archive.open_text("f3") as file:
            assert file.read() == files["f3"]
        with pytest.raises(NotInArchiveError):
            archive.open_text("f9")


@settings(max_examples=100, deadline=None)
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.integers(-50, 800), st.integers(-1, 400))))
def test_the_text_is_a_file(moves: list[tuple[int, int, int]]) -> None:
    known = io.BytesIO(TEXT)
    with ARCHIVE.open_text() as file:
        for whence, offset, size in moves:
            base = (0, known.tell(), len(TEXT))[whence]
            if base + offset >= 0:
                assert file.seek(offset, whence) == known.seek(offset, whence)
            assert file.read(size) == known.read(size)
            assert file.tell() == known.tell()
        file.seek(0)
        assert file.readlines() == TEXT.splitlines(keepends=True)
        with pytest.raises((ValueError, OSError)):
            file.raw.seek(-1)
    with pytest.raises(ValueError, match="closed"):
        file.read()


def test_one_pass_decodes_each_block_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from acgz.container.contents import Contents

    decoded: list[int] = []
    text = Contents.text

    def counted(self: Contents, number: int, job: Any = None) -> bytes:
        decoded.append(number)
        return text(self, number, job)

    monkeypatch.setattr(Contents, "text", counted)
    with acgz.open(io.BytesIO(acgz.compress(TEXT, "twobit", block=64)), cache=0) as archive:
        assert [str(record) for record in archive] == list(SEQUENCES.values())
        assert decoded == list(range(archive.info.blocks))
        decoded.clear()
        list(archive.regions(["chr1", "chr2:2-3", "chr1:7", "gi*"]))
        assert sorted(decoded) == list(range(archive.info.blocks))


def test_the_likeness_of_pysam(tmp_path: Path) -> None:
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(TEXT, "twobit", block=100))
    with acgz.FastaFile(path) as genome:
        assert genome.references == tuple(SEQUENCES)
        assert genome.lengths == tuple(map(len, SEQUENCES.values()))
        assert genome.nreferences == len(genome) == 3
        assert genome.get_reference_length("chr2") == 60
        assert genome.fetch("chr1", 10, 20) == SEQUENCES["chr1"][10:20]
        assert genome.fetch("chr1", 500) == SEQUENCES["chr1"][500:]
        assert genome.fetch("chr1", 500, 999) == SEQUENCES["chr1"][500:]
        assert genome.fetch("chr2") == genome["chr2"] == SEQUENCES["chr2"]
        assert genome.fetch("chr2", 70) == ""
        assert genome.fetch(region="chr1:11-20") == SEQUENCES["chr1"][10:20]
        assert "chr2" in genome
        for wrong in ((-1, 5), (5, 2)):
            with pytest.raises(ValueError, match="no letters"):
                genome.fetch("chr1", *wrong)
        with pytest.raises(ValueError, match="needed"):
            genome.fetch()
        with pytest.raises(KeyError):
            genome.fetch("chr9")
    with pytest.raises(ValueError, match="closed"):
        genome.fetch("chr1")


def test_pysam_says_the_same(tmp_path: Path) -> None:
    pysam = pytest.importorskip("pysam", reason="pysam is not installed")
    (tmp_path / "x.fa").write_bytes(TEXT)
    theirs, ours = pysam.FastaFile(str(tmp_path / "x.fa")), acgz.FastaFile(ARCHIVE)
    assert ours.references == tuple(theirs.references)
    assert ours.lengths == tuple(theirs.lengths)
    for arguments in (("chr1",), ("chr1", 5), ("chr1", 5, 9), ("chr2", 50, 99), ("chr2", 70)):
        assert ours.fetch(*arguments) == theirs.fetch(*arguments)
    for region in ("chr1:5-9", "chr1:1-1", "chr2:10-20"):
        assert ours.fetch(region=region) == theirs.fetch(region=region)
    theirs.close()


def test_biopython_has_the_same_records() -> None:
    seqio = pytest.importorskip("Bio.SeqIO", reason="Biopython is not installed")
    theirs = list(seqio.parse(io.StringIO(TEXT.decode()), "fasta"))
    ours = list(ARCHIVE.seq_records())
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.id, mine.name, mine.seq) == (other.id, other.name, other.seq)
        assert mine.description == other.description


def test_without_biopython_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "Bio.Seq", None)
    with pytest.raises(MissingDependencyError, match="pip install biopython"):
        ARCHIVE.seq_records()


@pytest.mark.parametrize(
    "piece", ["[2:9]", "[2:9][::-1]", "[2:9].complement", "[2:9].reverse.complement"]
)
def test_pieces_have_their_fancy_name_and_orientation(
    piece: str, ours: acgz.Fasta, theirs: pyfaidx.Fasta
) -> None:
    here, there = (eval(f"genome['chr2']{piece}", {"genome": one}) for one in (ours, theirs))
    assert (here.fancy_name, here.orientation) == (there.fancy_name, there.orientation)
    assert here[:0].orientation is None


def test_letters_are_found_in_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acgz.record._STEP", 7)
    record = ARCHIVE["chr1"]
    letters = SEQUENCES["chr1"]
    assert all(letters[at : at + 20] in record for at in range(500))
    assert letters[4:90].encode() in record
    assert record[5:40] in record
    assert "" in record
    assert letters in record
    assert letters + "A" not in record
    assert "ACGTACGTACGTACGT" not in record
    assert "\u00e4" not in record
    with pytest.raises(TypeError):
        assert 65 in record


def test_whether_the_file_is_open_and_which_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(TEXT, "twobit"))
    with acgz.FastaFile(path) as genome:
        assert (genome.filename, genome.closed, genome.is_open()) == (str(path), False, True)
    assert (genome.closed, genome.is_open()) == (True, False)
    with acgz.Fasta(path) as names:
        assert names.filename == str(path)
    assert acgz.FastaFile(io.BytesIO(path.read_bytes())).filename is None
