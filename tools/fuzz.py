"""Attacks acgz with tiny inputs: ``make fuzz COUNT=100000``.

Two campaigns. *Guided*: bytes that reach new lines of Python are kept and changed further
(atheris, libFuzzer). *Structured*: what a writer is about to store is changed before checksums
are made, so that the decoders behind the checksums are met. A fault is any exception but acgz's
own, wrong bytes, a crash, or an input that takes seconds. Faults are written to the folder
``tests/crashers``, whose files tests/test_crashers.py tries for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
CRASHERS = ROOT / "tests" / "crashers"
SLOW = 3.0
"""Seconds of the processor for one tiny input; compilation of kernels has come before."""

GUIDED = {"archive": 4, "layout": 4, "text": 2, "range-coder": 1, "model": 1, "region": 1}
"""Target -> its share of the executions."""
LONGEST = {"region": 96, "range-coder": 128, "text": 400}
"""Bytes of an input, where long ones take time and are not stranger than short ones."""
LEARNED = ("deepgeco", "deepzip", "geneformer", "seqcoder")
PATIENCE = 4_000
"""Residues that a network decodes in less than `SLOW`."""
STRUCTURED = {"wrong-archive": 2, "codec": 3, "layout": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", choices=["guided", "structured", "both"])
    parser.add_argument("--count", type=int, default=100_000, help="executions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one target")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a process of the guided campaign
    parser.add_argument("--tally", type=Path, help="add the numbers to this JSON file")
    args = parser.parse_args()
    if args.one:
        _one_guided(args.one, args.count, args.seed)
        return
    campaigns = {"guided": GUIDED, "structured": STRUCTURED}
    for name, shares in campaigns.items():
        if args.campaign in (name, "both"):
            run = _guided if name == "guided" else _structured
            chosen = {args.only: 1} if args.only in shares else {} if args.only else shares
            part = args.count // (2 if args.campaign == "both" else 1)
            for target, share in chosen.items():
                count = part * share // sum(chosen.values())
                start = time.monotonic()
                done, faults = run(target, count, args.seed)
                seconds = time.monotonic() - start
                print(
                    f"{name:10} {target:14} {done:>10,} executions  {faults} faults  "
                    f"{done / max(seconds, 1e-9):,.0f}/s",
                    flush=True,
                )
                if args.tally:
                    _tally(args.tally, f"{name} {target}", done, faults)


def _tally(path: Path, key: str, done: int, faults: int) -> None:
    numbers = json.loads(path.read_text()) if path.exists() else {}
    before = numbers.get(key, [0, 0])
    numbers[key] = [before[0] + done, before[1] + faults]
    path.write_text(json.dumps(numbers, indent=1))


def _guided(target: str, count: int, seed: int) -> tuple[int, int]:
    """Run a target in processes of its own, each until it falls; executions and faults."""
    done = faults = 0
    while done < count:
        run = [sys.executable, __file__, "guided", "--one", target]
        run += ["--count", str(count - done), "--seed", str(seed + faults)]
        counter = ROOT / ".fuzz" / f"{target}.count"
        counter.parent.mkdir(exist_ok=True)
        counter.write_text("0")
        ended = subprocess.run(run, cwd=counter.parent, capture_output=True, text=True, check=False)
        more = int(counter.read_text())
        done += more
        if ended.returncode and not more:
            raise SystemExit(f"the fuzzer of {target} does not run:\n{ended.stderr[-4000:]}")
        if ended.returncode:
            faults += 1
            found = sorted(counter.parent.glob("*-????????????????????????????????????????"))
            print(ended.stdout[-2000:] + ended.stderr[-4000:], flush=True)
            for path in found:
                _keep(target, path.read_bytes())
                path.unlink()
            if not found or faults > 20:
                break
        elif done < count // 2:
            break  # something else ended it
    return done, faults


def _one_guided(target: str, count: int, seed: int) -> None:
    """Hand this process to libFuzzer."""
    import atheris

    with atheris.instrument_imports(include=["acgz"], exclude=_modules_of_kernels()):
        import acgz.regions  # noqa: F401
        import fuzz_targets

        if target == "model":
            fuzz_targets.blocks(counts=(40,))
    corpus = ROOT / ".fuzz" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    fuzz_targets.read_primers_once()
    run = fuzz_targets.TARGETS[target]
    for data in seeds(target):
        run(data)  # compiles kernels before the clock runs
    counter = os.open(ROOT / ".fuzz" / f"{target}.count", os.O_WRONLY)
    done = 0

    def counted(data: bytes) -> None:
        nonlocal done
        done += 1
        if done % 256 == 0:
            os.pwrite(counter, str(done).encode(), 0)
        try:
            run(data)
        except BaseException:
            os.pwrite(counter, str(done).encode(), 0)
            raise

    options = [f"-runs={count}", f"-seed={seed}", f"-max_len={LONGEST.get(target, 1024)}"]
    options += ["-timeout=60", "-rss_limit_mb=4096", "-verbosity=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], counted)
    os.pwrite(counter, str(count).encode(), 0) if count < 256 else None
    atheris.Fuzz()


def _modules_of_kernels() -> list[str]:
    """Numba cannot compile what atheris has changed."""
    package = ROOT / "src" / "acgz"
    return [
        ".".join(["acgz", *path.relative_to(package).with_suffix("").parts])
        for path in sorted(package.rglob("*.py"))
        if "kernel" in path.read_text()
    ]


def seeds(target: str) -> list[bytes]:
    """Honest inputs to begin with."""
    import acgz
    from acgz import layout

    texts = _texts()
    if target == "archive":
        return [
            acgz.compress(text, mode, block=block)
            for text in texts
            for mode, block in (("twobit", 1 << 20), ("order0", 64))
        ]
    if target == "layout":
        parts = [layout.split(text) for text in texts]
        return [
            bytes([part.residues.size, min(255, -(-len(text) // 16))]) + part.layout
            for text, part in zip(texts, parts, strict=True)
            if part.residues.size < 256
        ]
    if target == "region":
        return [b"a", b"a:1-4", b"a:2-", b"a:-3", b"b:1-2", b"b:1-2:1-1", b"{{c}}:1-2", b"a:1,0-2"]
    if target == "model":
        import fuzz_targets

        folder = Path(fuzz_targets._folder.name) / "models"
        return [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))[:6]]
    if target == "range-coder":
        return [bytes([kind, 40]) + bytes(range(7, 27)) for kind in range(4)]
    return texts


def _texts() -> list[bytes]:
    choose = random.Random(3)
    bases = "".join(choose.choices("ACGT", k=90)).encode()
    return [
        b"",
        b">a b c\n" + bases[:60] + b"\n" + bases[60:] + b"\n>b\nGATTACA\n",
        b">a\r\nACGTNNNNNNacgtnnRYK\r\n>a\r\n\r\n>c\r\nAC-GU\r\n",
        bases[:50].lower() + bases[50:],
        b">P\nMKVLAAGIVGLCAKAYEQF\n",
        b";c\n>x\nAC;GT\n;comment\nAC\n>y\n>z\nA",
        b">a\rACGTACGTACGTACGTACGTACGT\r>b\rACGT\n",
        bytes(range(64)),
    ]


def _structured(target: str, count: int, seed: int) -> tuple[int, int]:
    """Run a target on changed structures, in this process; executions and faults."""
    import fuzz_targets
    from coded_layouts import coded_layouts

    fuzz_targets.read_primers_once()
    run = fuzz_targets.TARGETS[target]
    choose = random.Random(seed)
    makers = {
        "codec": _changed_blocks,
        "wrong-archive": _changed_archives,
        "layout": coded_layouts,
    }
    done = faults = 0
    last = ROOT / ".fuzz" / f"{target}.last"
    last.parent.mkdir(exist_ok=True)
    place = os.open(last, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    seen: set[str] = set()
    for data in makers[target](choose):
        if done >= count:
            break
        os.pwrite(place, len(data).to_bytes(4, "little") + data, 0)  # in case of a crash
        start = time.process_time()
        trouble = _trouble(run, data)
        seconds = time.process_time() - start
        if not trouble and done > 200 and seconds > SLOW:
            trouble = f"{seconds:.1f} s"
        done += 1
        if trouble and trouble not in seen:
            seen.add(trouble)
            faults += 1
            print(trouble, flush=True)
            _keep(target, data)
    return done, faults


def _trouble(run: Callable[[bytes], None], data: bytes) -> str:
    """What is wrong; "" if nothing is."""
    try:
        run(data)
    except Exception:  # noqa: BLE001 - whatever it is, it is the fault that is looked for
        return traceback.format_exc(limit=-3)
    return ""


def _changed_blocks(choose: random.Random) -> Iterator[bytes]:
    """Blocks of all codecs with parameters, payload or count changed; for the target `codec`."""
    import msgpack

    import fuzz_targets
    from mutation import NUMBERS, changed_bytes, changed_tree

    found = fuzz_targets.blocks()
    for block in found:
        yield msgpack.packb([block.codec, *block.coded, block.count])
    quick = [block for block in found if block.codec in ("twobit", "uniform", "order0")]
    while True:
        block = choose.choice(found if choose.random() < 0.5 else quick)
        (parameters, payload), count = block.coded, block.count
        kind = choose.random()
        if kind < 0.5:
            payload = changed_bytes(payload, choose)
        if 0.4 < kind < 0.9:
            parameters = changed_tree(dict(parameters), choose)
        if kind > 0.85:
            count = choose.choice((count + 1, count - 1, choose.choice(NUMBERS)))
        if not isinstance(parameters, dict) or count < 1:
            continue
        if block.codec in LEARNED and PATIENCE < count < 2**20:
            continue  # no fault: a network needs a millisecond for each residue that was paid for
        try:
            yield msgpack.packb([block.codec, parameters, payload, count])
        except (OverflowError, ValueError, UnicodeEncodeError):
            continue  # nothing that an archive can hold


def _changed_archives(choose: random.Random) -> Iterator[bytes]:
    """Archives written by the writer from changed parts; for the target `wrong-archive`."""
    import msgpack

    import acgz
    from acgz import layout
    from acgz.codec import Coded
    from acgz.container.writer import ArchiveWriter
    from acgz.errors import AcgzError
    from acgz.modes import get_codec
    from mutation import changed_bytes

    texts = [text for text in _texts() if text]
    known: dict[bytes, layout.Split] = {}
    split, write = layout.split, ArchiveWriter._write_checked
    left = {"fields": 0, "layout": 0, "payload": 0}
    """After how many more calls each of them is changed; 0: not at all."""

    def due(what: str) -> bool:
        left[what] -= 1
        return left[what] == 0

    def written(self: ArchiveWriter, parts: Sequence[bytes]) -> None:
        """Heads, tables, index: changed before the checksum."""
        changed = list(parts)
        if changed and due("fields"):
            at = choose.randrange(len(changed))
            changed[at] = changed_bytes(changed[at], choose)
        write(self, changed)

    def taken_apart(text: bytes) -> layout.Split:
        parts = known[text] = known.get(text) or split(text)
        if due("layout"):
            return replace(parts, layout=changed_bytes(parts.layout, choose))
        return parts

    def encoder(right: Callable[..., Coded]) -> Callable[..., Coded]:
        def encoded(*arguments: object) -> Coded:
            parameters, payload = right(*arguments)
            if due("payload"):
                payload = changed_bytes(payload, choose)
            return Coded(parameters, payload)

        return encoded

    for name in ("twobit", "order0"):
        kind = type(get_codec(name))
        kind.encode = encoder(kind.encode)  # type: ignore[method-assign]
    ArchiveWriter._write_checked = written  # type: ignore[method-assign]
    layout.split = taken_apart
    while True:
        right = choose.choice(texts)
        mode, block = choose.choice(("twobit", "order0")), choose.choice((32, 1 << 20))
        left.update(fields=0, layout=0, payload=0)
        left[choose.choice(("fields", "fields", "layout", "payload"))] = choose.randint(1, 4)
        try:
            archive = acgz.compress(right, mode, block=block)
        except (AcgzError, ValueError):
            continue  # the writer has noticed
        yield msgpack.packb([archive, right])


def _keep(target: str, data: bytes) -> None:
    CRASHERS.mkdir(exist_ok=True)
    path = CRASHERS / f"{target}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"kept: {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()
