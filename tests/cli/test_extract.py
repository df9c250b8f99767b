"""acgz extract: records, regions, lists and BED, other strands, and what is not there."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyfaidx
import pytest

import acgz
from acgz.cli.main import main
from acgz.container.contents import Contents

SEQUENCES = {
    "chr1": "".join(random.Random(5).choices("ACGT", k=1000)) + "N" * 134 + "acgt" * 25,
    "chr2": "ACGT",
    "empty": "",
    "HLA:A": "GGGG",
    "HLA:A:2-3": "CCCCCC",
    "caf\udce9": "TTTT",
}
TEXT = "".join(
    f">{name} described\n" + "".join(f"{seq[i : i + 70]}\n" for i in range(0, len(seq), 70))
    for name, seq in SEQUENCES.items()
).encode("utf-8", "surrogateescape")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.acgz").write_bytes(acgz.compress(TEXT, "twobit", block=200))


def extracted(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["extract", *arguments]) == code
    return capfd.readouterr().out


REGIONS = {
    "chr1": (0, 1234),
    "chr1:": (0, 1234),
    "chr1:-": (0, 1234),
    "chr1:1-1": (0, 1),
    "chr1:0-5": (0, 5),
    "chr1:1,000-1,100": (999, 1100),
    "chr1:1k-1.1k": (999, 1100),
    "chr1:1e3-1.1E3": (999, 1100),
    "chr1:1230": (1229, 1234),
    "chr1:-5": (0, 5),
    "chr1:1230-": (1229, 1234),
    "chr1:1230-0": (1229, 1234),
    "{chr1}:7-9": (6, 9),
    "{chr1}": (0, 1234),
    "chr1:1-99999": (0, 1234),
    "chr2": (0, 4),
    "chr2:4-4": (3, 4),
    "empty": (0, 0),
    "HLA:A": (0, 4),
    "HLA:A:2-2": (1, 2),
    "{HLA:A:2-3}": (0, 6),
    "{HLA:A}:2-3": (1, 3),
    "{HLA:A:2-3}:1-2": (0, 2),
}


@pytest.mark.parametrize("region", REGIONS)
def test_regions_are_written_as_fasta(region: str, capfd: pytest.CaptureFixture[str]) -> None:
    if region.startswith("{"):
        name = region[1:].rpartition("}")[0]
    else:
        name = region if region in SEQUENCES else region.rpartition(":")[0]
    start, stop = REGIONS[region]
    header, *lines = extracted(capfd, "-q", "x.acgz", region).splitlines()
    assert header == f">{region}"
    assert "".join(lines) == SEQUENCES[name][start:stop]
    assert all(len(line) == 60 for line in lines[:-1])


def test_regions_are_those_of_faidx(capfd: pytest.CaptureFixture[str]) -> None:
    Path("chr1.fa").write_bytes(TEXT[: TEXT.index(b">chr2")])
    genome = pyfaidx.Fasta("chr1.fa")
    text = extracted(capfd, "x.acgz", "chr1:100-299", "--width", "1000")
    assert text.splitlines()[1] == str(genome.get_seq("chr1", 100, 299))
    text = extracted(capfd, "-i", "x.acgz", "chr1:900-1200", "-w", "0")
    assert text.splitlines()[1] == str(genome.get_seq("chr1", 900, 1200, rc=True))
    genome.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ["chr1", "chr2:2-3", "chr1:1,000-1,100", "chr1:-5", "chr1:1230", "chr1:"],
        ["{chr1}:1-5", "{HLA:A}:2-3", "chr1:1230-0", "chr1:1k-1.1k", "chr1:1e3-1.1E3"],
        ["-i", "chr1:900-1200", "chr2"],
        ["-i", "--mark-strand", "sign", "chr1:1-5"],
        ["--mark-strand", "sign", "chr1:1-5"],
    ],
)
def test_samtools_writes_the_same(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    pysam = pytest.importorskip("pysam", reason="pysam, which has samtools, is not installed")
    names = [name for name in SEQUENCES if name.isascii()]
    Path("x.fa").write_text("".join(f">{name} described\n{SEQUENCES[name]}\n" for name in names))
    pysam.faidx("-n", "60", "-o", "known", "x.fa", *arguments)
    known = Path("known").read_text()
    capfd.readouterr()
    assert extracted(capfd, "x.acgz", *arguments) == known


@pytest.mark.parametrize("width", [0, 1, 7, 60, 70, 5000])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_lines_have_the_width_across_blocks(
    width: int, reverse: bool, threads: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Blocks of 200 bytes: a record of 1,234 letters is in eight."""
    text = extracted(
        capfd, "-T", threads, *(["-i"] if reverse else []), "-w", str(width), "x.acgz", "*[12]"
    )
    expected = ""
    for name in ("chr1", "chr2"):
        letters = SEQUENCES[name]
        if reverse:
            letters = letters[::-1].translate(str.maketrans("ACGTacgt", "TGCAtgca"))
        step = width or len(letters)
        lines = [letters[at : at + step] for at in range(0, len(letters), step)]
        expected += "\n".join([f">{name}" + "/rc" * reverse, *lines, ""])
    assert text == expected


@pytest.mark.parametrize("threads", ["1", "4"])
def test_each_block_is_decoded_once_whatever_the_order(
    threads: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    text = Contents.text

    def counted(self: Contents, number: int, job: object = None) -> bytes:
        decoded.append(number)
        return text(self, number, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Contents, "text", counted)
    generator = random.Random(1)
    starts = [1, 1100, 2, 1000, 500, 1, *generator.choices(range(1, 1200), k=40)]
    regions = [f"chr1:{start}-{start + 30}" for start in starts]
    out = extracted(capfd, "-T", threads, "x.acgz", "chr2", *regions, "chr2:2-3")
    records = [part.split("\n") for part in out.split(">")[1:]]
    assert [record[0] for record in records] == ["chr2", *regions, "chr2:2-3"]
    assert [record[1] for record in records[1:-1]] == [
        SEQUENCES["chr1"][start - 1 : start + 30] for start in starts
    ]
    assert sorted(decoded) == sorted(set(decoded))


def test_what_waits_may_be_on_the_disk(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acgz.gathering._IN_MEMORY", 10)
    out = extracted(capfd, "-w0", "x.acgz", *["chr1:1-100", "chr1:1101-1200", "chr1:2-99"] * 3)
    letters = SEQUENCES["chr1"]
    assert out.split("\n")[1::2] == [letters[:100], letters[1100:1200], letters[1:99]] * 3


def test_several_regions_come_in_the_order_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    text = extracted(capfd, "x.acgz", "chr2:2-3", "empty", "HLA:A", "empty", "chr2:1-1", "empty")
    assert text == ">chr2:2-3\nCG\n>empty\n>HLA:A\nGGGG\n>empty\n>chr2:1-1\nA\n>empty\n"


def test_an_end_behind_the_record_is_remarked(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "x.acgz", "chr2:3-9"]) == 0
    assert capfd.readouterr() == (">chr2:3-9\nGT\n", "acgz: chr2:3-9: chr2 ends at 4\n")


WRONG = {
    "chr9": "there is no record 'chr9' (acgz ls lists them)",
    "chr9:1-5": "there is no record 'chr9:1-5'",
    "z*": "there is no record 'z*'",
    "chr2:5-9": "'chr2:5-9' is outside of 'chr2', which has the positions 1 to 4",
    "chr2:3-2": "'chr2:3-2' ends before it begins",
    "empty:1-1": "outside of 'empty', which has no positions",
    "chr1:1.9-3": "'1.9-3' is no range of positions",
    "chr1:1.2345k": "no range of positions",
    "chr2:x": "'x' is no range of positions",
    "chr2:1-2-3": "no range",
    "chr2:.5": "no range",
    "{chr2}x:1-2": "there is no record",
    "HLA:A:2-3": "is a record and a region of 'HLA:A': say {HLA:A:2-3} or {HLA:A}:2-3",
    "x.fa:chr2": "there is no record",
}


@pytest.mark.parametrize("region", WRONG)
def test_what_is_not_there_has_code_11_and_nothing_is_written(
    region: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", "-o", "out", "x.acgz", "chr1", region]) == 11
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("acgz: x.acgz: ")
    assert WRONG[region] in err
    assert err.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["-i", "x.acgz", "chr2:1-1", "chr2:2-2"],
        ["x.acgz", "-i", "chr2:1-1", "chr2:2-2"],
        ["x.acgz", "chr2:1-1", "-i", "chr2:2-2"],
    ],
)
def test_options_may_stand_anywhere(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert extracted(capfd, *words) == ">chr2:1-1/rc\nT\n>chr2:2-2/rc\nG\n"
    assert extracted(capfd, *words, "--nonsense", code=2) == ""


def test_what_is_there_is_written_with_continue(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "-c", "x.acgz", "chr9", "chr2", "chr2:7"]) == 11
    out, err = capfd.readouterr()
    assert out == ">chr2\nACGT\n"
    assert [line.partition(": ")[2] for line in err.splitlines()] == [
        "x.acgz: there is no record 'chr9' (acgz ls lists them)",
        "x.acgz: 'chr2:7' is outside of 'chr2', which has the positions 1 to 4",
    ]


def test_regions_go_to_a_file(capfd: pytest.CaptureFixture[str]) -> None:
    assert extracted(capfd, "-o", "out", "x.acgz", "chr2") == ""
    assert Path("out").read_text() == ">chr2\nACGT\n"
    assert main(["extract", "-o", "out", "x.acgz", "chr2"]) == 3
    Path("list").write_text("chr2\n")
    assert main(["extract", "-f", "-o", "list", "-r", "list", "x.acgz"]) == 2
    assert Path("list").read_text() == "chr2\n"


def test_names_by_pattern_and_all_but_some(capfd: pytest.CaptureFixture[str]) -> None:
    assert extracted(capfd, "x.acgz", "chr?:1-4") == (
        f">chr1:1-4\n{SEQUENCES['chr1'][:4]}\n>chr2:1-4\nACGT\n"
    )
    assert extracted(capfd, "x.acgz", "[ec]mp*", "HLA*3") == ">empty\n>HLA:A:2-3\nCCCCCC\n"
    assert extracted(capfd, "-v", "x.acgz", "c*", "HLA:A") == ">empty\n>HLA:A:2-3\nCCCCCC\n"
    assert extracted(capfd, "-v", "x.acgz", "chr9", code=11) == ""
    assert extracted(capfd, "-v", "x.acgz", "chr1:2-3", code=2) == ""
    assert extracted(capfd, "x.acgz", code=2) == ""


def test_regions_may_be_in_a_file_or_come_from_a_pipe(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("list").write_text("chr2:2-3\r\n\nHLA:A\n")
    expected = ">chr2\nACGT\n>chr2:2-3\nCG\n>HLA:A\nGGGG\n"
    assert extracted(capfd, "x.acgz", "chr2", "-r", "list") == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("list").read_bytes())))
    assert extracted(capfd, "x.acgz", "chr2", "-r", "-") == expected
    Path("list").write_text("chr2\nchr9\n")
    assert main(["extract", "x.acgz", "-r", "list"]) == 11
    assert "list, line 2: there is no record 'chr9'" in capfd.readouterr().err
    assert main(["extract", "x.acgz", "-r", "nowhere"]) == 3
    assert main(["extract", "-", "-r", "-"]) == 2


def test_bed_has_coordinates_and_strands_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    Path("x.bed").write_text(
        "track name=x\n# hello\nchr2\t0\t3\nchr2\t1\t3\tname\t0\t-\n"
        "chr2 3 9 n 0 +\nHLA:A:2-3\t0\t1\n"
    )
    out = ">chr2:1-3\nACG\n>chr2:2-3/rc\nCG\n>chr2:4-9\nT\n>HLA:A:2-3:1-1\nC\n"
    assert extracted(capfd, "x.acgz", "--bed", "x.bed") == out
    signs = extracted(capfd, "-i", "--mark-strand", "sign", "x.acgz", "--bed", "x.bed")
    assert signs == ">chr2:1-3(-)\nCGT\n>chr2:2-3(+)\nCG\n>chr2:4-9(-)\nA\n>HLA:A:2-3:1-1(-)\nG\n"
    plain = extracted(capfd, "--mark-strand", "no", "x.acgz", "--bed", "x.bed")
    assert plain == out.replace("/rc", "")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("chr9\t1\t2", 11, "line 2: there is no record 'chr9'"),
        ("chr2\t4\t9", 11, "line 2: 'chr2:5-9' is outside of 'chr2'"),
        ("chr2\t3\t2", 3, "line 2: the interval ends at 2, before its 3"),
        ("chr2\t2", 3, "line 2: a line of BED is record, start, end, not 'chr2\\t2'"),
        ("chr2\t-1\t2", 3, "line 2: a line of BED"),
        ("chr2\t1\t2\tx\t0\t*", 3, "line 2: a strand is +, - or ., not '*'"),
    ],
)
def test_mistakes_in_bed_are_named_by_their_line(
    line: str, code: int, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("x.bed").write_text(f"chr2\t0\t1\n{line}\n")
    assert main(["extract", "x.acgz", "--bed", "x.bed"]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert f"x.bed, {message}" in err


def test_intervals_without_letters_are_left_out_with_a_remark(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As by bedtools getfasta; in BED they say where something is inserted."""
    Path("x.bed").write_text("chr2\t3\t3\n" * 5 + "chr2\t0\t2\nchr2\t4\t4\n")
    assert main(["extract", "x.acgz", "--bed", "x.bed"]) == 0
    out, err = capfd.readouterr()
    assert out == ">chr2:1-2\nAC\n"
    assert err.splitlines() == [
        *(f"acgz: x.bed, line {n}: an interval without letters is left out" for n in (1, 2, 3)),
        "acgz: 3 more lines: an interval without letters is left out",
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_lists_may_be_packed_and_begin_with_a_mark(
    pack: Callable[[bytes], bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("list").write_bytes(pack(b"\xef\xbb\xbfchr2:2-3\r\n"))
    Path("bed").write_bytes(pack(b"\xef\xbb\xbfchr2\t1\t3\n"))
    assert extracted(capfd, "x.acgz", "-r", "list") == ">chr2:2-3\nCG\n"
    assert extracted(capfd, "x.acgz", "--bed", "bed") == ">chr2:2-3\nCG\n"


def test_a_pattern_is_no_range_of_the_record_without_a_name(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("y.acgz").write_bytes(acgz.compress(b">\nACGT\n>b\nGG\n", "twobit"))
    assert extracted(capfd, "y.acgz", ":2-3") == ">:2-3\nCG\n"
    assert main(["extract", "y.acgz", "zzz*"]) == 11
    assert "there is no record 'zzz*'" in capfd.readouterr().err


def test_what_may_be_zero_is_said_to(capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["-w", "-5"], ["-T", "abc"]):
        assert main(["extract", "x.acgz", "chr2", *words]) == 2
        assert f"{words[1]!r} is no whole number from 0" in capfd.readouterr().err


def test_the_other_strand_of_rna_has_u_and_that_of_a_protein_is_none(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = b">rna\nAAAACGUr-\n>dna\nAAAACGTRYKMBDHVNSWX\n>protein\nMKVLEEF\n"
    Path("y.acgz").write_bytes(acgz.compress(text, "twobit"))
    out = extracted(capfd, "-i", "y.acgz", "rna", "rna:1-4", "dna", "dna:1-4")
    assert out == (
        ">rna/rc\n-yACGUUUU\n>rna:1-4/rc\nUUUU\n>dna/rc\nXWSNBDHVKMRYACGTTTT\n>dna:1-4/rc\nTTTT\n"
    )
    assert main(["extract", "-i", "-o", "out", "y.acgz", "dna", "protein"]) == 2
    assert "protein: 'L' is no nucleotide" in capfd.readouterr().err
    assert not Path("out").exists()


def test_records_of_one_name_in_several_files_are_told_apart(
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = {"a.fa": b">c1\nAAAA\n>c2\nCC\n", "b.fa": b">c1\nGGGG\n>c3\nTT\n", "c": b">x\nAC\n"}
    sources = {name: io.BytesIO(data) for name, data in files.items()}
    acgz.create("z.acgz", sources, "twobit")
    assert main(["extract", "z.acgz", "c1:1-2"]) == 11
    assert "'c1' is in several files (a.fa, b.fa): say a.fa:c1, or --file" in capfd.readouterr().err
    assert extracted(capfd, "z.acgz", "b.fa:c1:1-2", "c3", "a.fa:{c1}:4-4", "c:x") == (
        ">b.fa:c1:1-2\nGG\n>c3\nTT\n>a.fa:{c1}:4-4\nA\n>c:x\nAC\n"
    )
    assert extracted(capfd, "--file", "b.fa", "z.acgz", "c1:2-3") == ">c1:2-3\nGG\n"
    assert extracted(capfd, "--file", "b.fa", "z.acgz") == ">c1\nGGGG\n>c3\nTT\n"
    assert extracted(capfd, "--file", "a.fa", "-v", "z.acgz", "c1") == ">c2\nCC\n"
    assert extracted(capfd, "z.acgz", "b.fa:*") == ">c1\nGGGG\n>c3\nTT\n"
    assert extracted(capfd, "--file", "b.fa", "z.acgz", "c2", code=11) == ""
    assert extracted(capfd, "--file", "d.fa", "z.acgz", "c2", code=11) == ""


def test_a_damaged_block_is_named_and_what_is_in_others_is_read(
    capfd: pytest.CaptureFixture[str],
) -> None:
    archive = bytearray(Path("x.acgz").read_bytes())
    sizes = Contents(io.BytesIO(bytes(archive))).index.blocks.size.tolist()
    archive[4 + sum(sizes[:3]) - 8] ^= 1
    Path("d.acgz").write_bytes(archive)
    assert "ACGT" in extracted(capfd, "d.acgz", "chr2")
    assert main(["extract", "-o", "out", "d.acgz", "chr1"]) == 6
    assert "d.acgz: block 2 (at byte" in capfd.readouterr().err
    assert not Path("out").exists()


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    done = subprocess.run(
        f"{sys.executable} -m acgz extract x.acgz chr1 | head -c 5",
        shell=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b">chr1"
    assert done.stderr == b""
