"""The bench: what tools are given, how they are measured, and what is said about them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from acgz.bench import child, inputs, report, run
from acgz.bench.peers import PEERS, Form, Tool, acgz_mode, find_peers
from acgz.cli.main import main
from acgz.errors import InputError, UsageError

FASTA = b">one first\nACGTacgtNN\nAC\n>two\r\nRYGG-u\r\n"
RESIDUES = b"ACGTACGTACGGT"


@pytest.fixture
def bin_folder(tmp_path, monkeypatch):
    """A folder for fake compressors, first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def install(bin_folder):
    def write(name: str, body: str) -> None:
        script = bin_folder / name
        script.write_text(f"#!/bin/sh\nfor last; do :; done\n{body}\n")
        script.chmod(0o755)

    return write


def prepare(folder: Path, text: bytes = FASTA, **options) -> inputs.Genome:
    return inputs.prepare(io.BytesIO(text), "genome.fa", folder, **options)


@pytest.fixture
def genome(tmp_path):
    folder = tmp_path / "forms"
    folder.mkdir()
    return prepare(folder)


def tool(takes: Form = Form.FILE, unpack: str = "fake-unpack") -> Tool:
    return Tool("fake", ("fake-pack", "genome"), (unpack, "packed"), "packed", takes=takes)


# What tools are given


def test_every_form_of_a_fasta_file(genome):
    assert genome.bases == len(RESIDUES)
    contents = {form: path.read_bytes() for form, path in genome.forms.items()}
    assert contents == {Form.FILE: FASTA, Form.FASTA: FASTA, Form.RESIDUES: RESIDUES}
    given = {takes: genome.given_to(takes).form for takes in Form}
    assert given == {Form.FILE: "file", Form.FASTA: "file", Form.RESIDUES: "residues"}


def test_residues_only_takes_headers_and_other_letters_from_every_tool(tmp_path):
    genome = prepare(tmp_path, residues_only=True)
    contents = {takes: genome.given_to(takes).path.read_bytes() for takes in Form}
    wrapped = b">residues\n" + RESIDUES + b"\n"
    assert contents == {Form.FILE: RESIDUES, Form.RESIDUES: RESIDUES, Form.FASTA: wrapped}
    assert genome.given_to(Form.FILE).form == "residues"


def test_sequence_without_header_gets_one_for_tools_that_need_it(tmp_path):
    genome = prepare(tmp_path, b"ACGTN")
    assert genome.given_to(Form.FILE).path.read_bytes() == b"ACGTN"
    assert genome.given_to(Form.FASTA).path.read_bytes() == b">residues\nACGT\n"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_buffer_size_does_not_change_the_residues(tmp_path, monkeypatch, size):
    monkeypatch.setattr(inputs, "_BUFFER", size)
    assert prepare(tmp_path).forms[Form.RESIDUES].read_bytes() == RESIDUES


@pytest.mark.parametrize(
    "text", [b">p\nMKVLAAGIVGAACWFYDE\n", b"@r\nACGT\n+\nIIII\n", b"\x00\xff", b""]
)
def test_what_is_not_nucleotide_has_no_residues(tmp_path, text):
    genome = prepare(tmp_path, text)
    assert genome.bases == 0
    assert genome.given_to(Form.FILE).path.read_bytes() == text
    assert genome.given_to(Form.RESIDUES) is None


# How a tool is measured


def test_a_good_tool_is_measured(genome, install, tmp_path):
    install("fake-pack", f"head -c 7 genome > packed; cp genome {tmp_path}/kept")
    install("fake-unpack", f"cp {tmp_path}/kept genome")
    row = run.measure(tool(), genome, tmp_path)
    assert (row.status, row.form, row.input_bytes) == ("ok", "file", len(FASTA))
    assert row.packed_bytes == 7
    assert row.bits_per_base == 8 * 7 / len(RESIDUES)
    kilobytes = len(FASTA) / 1000
    assert row.compress_speed == pytest.approx(kilobytes / row.compress.seconds)
    assert row.decompress_speed == pytest.approx(kilobytes / row.decompress.seconds)
    both = row.compress.seconds + row.decompress.seconds
    assert row.throughput == pytest.approx(kilobytes / both)


@pytest.mark.parametrize(
    ("pack", "unpack", "status"),
    [
        ("echo one; echo out of luck >&2; exit 3", "true", "failed: exit code 3: out of luck"),
        ("kill -KILL $$", "true", "failed: SIGKILL"),
        ("true", "true", "failed: wrote no packed"),
        ("cp genome packed", "exit 1", "failed: exit code 1"),
        ("cp genome packed", "true", "failed: wrote no genome"),
        ("cp genome packed", "tr A T < packed > genome", "RESTORED BYTES DIFFER"),
        ("cp genome packed", "head -c 9 packed > genome", "RESTORED BYTES DIFFER"),
    ],
)
def test_a_tool_that_does_not_restore_its_input_says_why(
    genome, install, tmp_path, pack, unpack, status
):
    install("fake-pack", pack)
    install("fake-unpack", unpack)
    row = run.measure(tool(), genome, tmp_path)
    assert row.status == status
    assert row.throughput is None


def test_a_tool_cannot_spoil_the_input_of_the_next(genome, install, tmp_path):
    install("fake-pack", "cp genome packed; echo spoiled > genome")
    install("fake-unpack", "cp packed genome")
    assert [run.measure(tool(), genome, tmp_path).status for _ in range(2)] == ["ok", "ok"]


def test_a_missing_tool_is_named_as_missing(genome, install, tmp_path):
    install("fake-pack", "cp genome packed")
    row = run.measure(tool(unpack="no-such-command"), genome, tmp_path)
    assert row.status == "missing: no-such-command"


def test_a_tool_that_takes_too_long_is_stopped_with_its_children(genome, install, tmp_path):
    install("fake-pack", f"sleep 600 & echo $! > {tmp_path}/sleeper; wait")
    install("fake-unpack", "true")
    row = run.measure(tool(), genome, tmp_path, timeout=0.5)
    assert row.status == "failed: stopped after 0.5 s"
    sleeper = Path("/proc", (tmp_path / "sleeper").read_text().strip(), "stat")
    for _ in range(100):  # it may take its time to die, and nobody collects it
        if not sleeper.exists() or sleeper.read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("it still runs")


def test_a_tool_that_needs_residues_has_nothing_to_do_on_protein(install, tmp_path):
    install("fake-pack", "cp genome packed")
    install("fake-unpack", "cp packed genome")
    protein = prepare(tmp_path, b">p\nMKVLAAGIVGAACWFYDE\n")
    assert run.measure(tool(Form.RESIDUES), protein, tmp_path).status == "not nucleotide"
    assert run.measure(tool(Form.FILE), protein, tmp_path).status == "ok"


def test_the_fastest_of_several_runs_counts(genome, install, tmp_path):
    # the second of three runs is the slow one
    install("fake-pack", f"cp genome packed; echo >> {tmp_path}/runs")
    install("fake-unpack", f"cp packed genome; [ $(wc -l < {tmp_path}/runs) = 2 ] && sleep 1; true")
    row = run.measure(tool(), genome, tmp_path, repeat=3)
    assert (tmp_path / "runs").read_text() == "\n" * 3
    assert row.decompress.seconds < 1


def test_memory_is_that_of_the_child_alone(tmp_path):
    def run(megabytes: int) -> child.Usage:
        program = f"x = bytearray({megabytes} << 20)"
        return child.run([sys.executable, "-c", program], tmp_path)

    before, large, after = run(1), run(600), run(1)
    assert large.peak_bytes > 600 << 20
    for small in (before, after):  # an earlier large child does not count, this process may
        assert small.peak_bytes < max(300 << 20, 1.1 * small.floor_bytes)


# The table of peers


def test_peers_are_those_of_the_documentation():
    names = (
        "gzip bgzip bzip2 xz zstd brotli 7z zpaq ennaf MBGC MFCompressC GeCo2 GeCo3 JARVIS3 cmix"
    )
    assert [peer.name for peer in PEERS] == names.split()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peer_reads_what_it_wrote(peer):
    assert "genome" in peer.compress
    assert peer.packed in peer.decompress
    assert peer.packed != "genome"


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_installed_peer_restores_residues(peer, tmp_path):
    if peer.missing():
        pytest.skip(f"{peer.name} is not installed")
    if peer.name == "cmix":
        pytest.skip("cmix needs many gigabytes of memory even for a small file")
    genome = prepare(tmp_path, FASTA * 50, residues_only=True)
    assert run.measure(peer, genome, tmp_path).status == "ok"


def test_unknown_peer_is_an_error():
    with pytest.raises(UsageError, match="nosuch"):
        find_peers(["gzip", "nosuch"])


# What is said


@pytest.fixture
def rows(genome, install, tmp_path):
    """A good tool, one that corrupts, and one that is not there."""
    install("fake-pack", "cp genome packed")
    install("fake-unpack", "cp packed genome")
    install("fake-spoil", "tr A T < packed > genome")
    tools = [tool(), tool(unpack="fake-spoil"), tool(unpack="no-such-command")]
    return [run.measure(each, genome, tmp_path) for each in tools]


def test_csv_and_json_say_the_same(rows):
    from_csv = list(csv.DictReader(io.StringIO(report.as_csv(rows))))
    from_json = json.loads(report.as_json(rows, {"cores": 2}))
    assert from_json["cores"] == 2
    for left, right in zip(from_csv, from_json["rows"], strict=True):
        assert left == {name: "" if v is None else str(v) for name, v in right.items()}
    assert [row["status"] for row in from_csv] == [row.status for row in rows]


def test_table_has_one_line_per_tool_and_explains_itself(rows):
    lines = report.as_table(rows).splitlines()
    good, spoiled, missing = lines[1:4]
    assert good.split()[:4] == ["genome.fa", "fake", "file", str(len(FASTA))]
    assert good.endswith("fake-pack genome")
    assert spoiled.endswith("RESTORED BYTES DIFFER")
    assert missing.endswith("missing: no-such-command")
    assert report.LEGEND in "\n".join(lines)


# The command


@pytest.mark.slow
def test_bench_runs_modes_and_peers_side_by_side(install, tmp_path, capsys):
    install("GeCo3", 'cp "$last" "$last.co"')
    install("GeDe3", 'cp "$last" "${last%.co}.de"')
    install("JARVIS3", "echo cannot; exit 1")
    install("MFCompressC", "cp genome genome.mfc")
    install("MFCompressD", "tr A T < genome.mfc > genome")
    source = tmp_path / "genome.fa.gz"
    source.write_bytes(gzip.compress(FASTA))
    peers = "gzip,GeCo3,JARVIS3,MFCompressC"
    code = main(["bench", str(source), "--modes", "twobit,uniform", "--peers", peers, "--json"])
    captured = capsys.readouterr()
    found = {row["tool"]: row for row in json.loads(captured.out)["rows"]}
    assert {name: row["status"] for name, row in found.items()} == {
        "acgz twobit": "ok",
        "acgz uniform": "ok",
        "gzip": "ok" if shutil.which("gzip") else "missing: gzip",
        "MFCompressC": "RESTORED BYTES DIFFER",
        "GeCo3": "ok",
        "JARVIS3": "failed: exit code 1: cannot",
    }
    assert found["acgz twobit"]["input_bytes"] == len(FASTA)
    assert found["GeCo3"]["input_bytes"] == found["GeCo3"]["packed_bytes"] == len(RESIDUES)
    assert found["acgz twobit"]["command"].startswith("acgz compress")
    assert "kernel cache" in captured.err
    assert code == 0  # peers may fail, modes may not


def test_bench_refuses_what_it_cannot_do_before_it_starts(tmp_path, capsys):
    source = tmp_path / "genome.fa"
    source.write_bytes(FASTA)
    quick = ["--peers", "none", "--modes"]
    assert main(["bench", str(source), *quick, "twobit,nosuch"]) == UsageError.exit_code
    err = capsys.readouterr().err
    assert "nosuch" in err
    assert err.count("\n") == 1, "nothing is run before that"
    assert main(["bench", str(source), "--peers", "nosuch"]) == UsageError.exit_code
    absent = str(tmp_path / "absent.fa")
    assert main(["bench", str(source), absent, *quick, "twobit"]) == InputError.exit_code
    assert "absent.fa" in capsys.readouterr().err


def test_a_mode_is_run_as_a_command_of_its_own():
    mode = acgz_mode("order0", ["-T", "2"])
    assert mode.compress[:3] == (sys.executable, "-m", "acgz")
    assert mode.shown() == "acgz compress -q -m order0 -T 2 -o genome.acgz genome"
