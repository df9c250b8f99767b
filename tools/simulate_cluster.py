"""How a cluster would fare with genomes whose blocks take as long as they were measured to take.

``python tools/simulate_cluster.py measure MODE BLOCK FILE`` compresses a file and prints the CPU
seconds a megabyte of each block; ``python tools/simulate_cluster.py`` prints the table of
docs/scale.md. Discrete events: a scheduler hands blocks to workers, one after the other; nothing
else is modelled but what `Cluster` names. Chance has a seed, so the same
numbers come out every time.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEASURED = {
    # CPU seconds a megabyte (10^6 bytes of text) of blocks of human chromosome 20 (hg19).
    "plus": (3.447, 2.620, 3.328, 3.275),
    "fast": (0.635, 0.577, 0.712, 0.643),
}
"""Mode -> what each block took, one thread."""

GENOME = 3.1e9
"""Bytes of text of a human haplotype."""


@dataclass(frozen=True)
class Cluster:
    """Workers and what stands between them and the work; what was not measured is an assumption."""

    workers: int = 1000
    threads: int = 2
    """Of a worker: one block of two lanes."""
    decision: float = 0.001
    """Seconds that the scheduler takes for a block, alone: dask's documentation has up to 1 ms."""
    bandwidth: float = 50e6
    """Bytes a second from and to the store, for each worker."""
    spread: float = 0.1
    """Standard deviation of the logarithm of how slow a worker is."""
    slow: float = 0.01
    """Share of workers that are three times as slow."""
    lost_each: float = 1000.0
    """Hours of a worker until it is lost, on average: its block is begun anew."""
    repeats: bool = False
    """Whether idle workers do once more what others still have; the first result counts."""


@dataclass(frozen=True)
class Load:
    """What is to be compressed."""

    mode: str = "plus"
    genomes: int = 94
    block: float = 64e6
    """Bytes of text."""
    whole: bool = False
    """A genome goes to a worker as a whole, not block by block."""
    bits: float = 1.6
    """Of a base in the archive: what goes back to the store."""

    def tasks(self, dice: random.Random) -> Iterator[float]:
        """CPU seconds of each task, on a worker of usual speed."""
        rates = MEASURED[self.mode]
        size = GENOME if self.whole else self.block
        for _ in range(self.genomes):
            left = GENOME
            while left > 0:
                now = min(size, left)
                pieces = max(1, round(now / self.block))
                yield sum(dice.choice(rates) * now / pieces / 1e6 for _ in range(pieces))
                left -= now


@dataclass(frozen=True)
class Outcome:
    """How it went."""

    hours: float
    """Until the last block is there."""
    busy: float
    """Share of all workers' time in which they computed what was wanted."""
    tail: float
    """Hours of these in which nothing was waiting any more."""
    scheduler: float
    """Share of the time in which the scheduler was at work."""


def simulate(cluster: Cluster, load: Load, seed: int = 1) -> Outcome:
    """One run."""
    # Each kind of chance for itself: what is changed of one changes none of the others.
    tasks, machines, losses = (random.Random(f"{seed} {kind}") for kind in range(3))
    waiting = list(load.tasks(tasks))[::-1]
    total = len(waiting)
    size = GENOME if load.whole else load.block
    transfer = size * (1 + load.bits / 8) / cluster.bandwidth
    speeds = [
        machines.lognormvariate(0, cluster.spread) * (3 if machines.random() < cluster.slow else 1)
        for _ in range(cluster.workers)
    ]
    # When a worker is next without work, which one, what it has done then (-1: nothing), and the
    # seconds that it computed.
    events = [(0.0, worker, -1, 0.0) for worker in range(cluster.workers)]
    seconds: dict[int, float] = {}
    running: dict[int, set[int]] = {}
    free, used, computed, done, number, drained, end = 0.0, 0.0, 0.0, 0, 0, 0.0, 0.0
    while done < total:
        now, worker, task, length = heapq.heappop(events)
        if task in running:
            del running[task]
            computed += length
            done, end = done + 1, now
        if waiting:
            task, number = number, number + 1
            seconds[task] = waiting.pop()
            running[task] = {worker}
            drained = now
        elif cluster.repeats and (left := [t for t, at in running.items() if len(at) == 1]):
            task = left[0]
            running[task].add(worker)
        else:
            continue
        free = max(free, now) + cluster.decision
        used += cluster.decision
        length = seconds[task] / cluster.threads * speeds[worker]
        start = free
        while (life := losses.expovariate(1 / (3600 * cluster.lost_each))) < length:
            start += life  # another takes its place
        heapq.heappush(events, (start + transfer + length, worker, task, length))
    return Outcome(
        end / 3600,
        computed / (end * cluster.workers),
        (end - drained) / 3600,
        used / end,
    )


def measure(mode: str, block: int, file: Path) -> list[float]:
    """CPU seconds a megabyte of each block of a file, one thread."""
    import io

    import acgz
    from acgz.progress import Progress

    text = file.read_bytes()
    acgz.compress(text[:2_000_000], mode)  # kernels are loaded, those of two lanes too
    progress = Progress()
    found: list[float] = []
    last = time.process_time()

    def passed(text_size: int, stored_size: int) -> None:
        nonlocal last
        now = time.process_time()
        found.append((now - last) / text_size * 1e6)
        print(f"{found[-1]:.3f}", flush=True)
        last = now

    progress.on_block = passed
    acgz.compress_stream(io.BytesIO(text), io.BytesIO(), mode, block=block, progress=progress)
    return found


ROWS = (
    ("`plus`, a block is a task", Cluster(), Load()),
    ("a genome is a task", Cluster(), Load(whole=True)),
    ("no slow workers", Cluster(slow=0), Load()),
    ("idle workers repeat what others have", Cluster(repeats=True), Load()),
    ("blocks of 16 MB", Cluster(), Load(block=16e6)),
    ("100 workers", Cluster(workers=100), Load()),
    ("940 haplotypes", Cluster(), Load(genomes=940)),
    ("940, workers live an hour", Cluster(lost_each=1), Load(genomes=940)),
    ("`fast`", Cluster(), Load("fast")),
    ("`fast`, 940 haplotypes, 10,000 workers", Cluster(workers=10_000), Load("fast", 940)),
    ("the same, blocks of 16 MB", Cluster(workers=10_000), Load("fast", 940, 16e6)),
)


def table(rows: tuple[tuple[str, Cluster, Load], ...] = ROWS) -> str:
    """The runs of the page, as a table of Markdown."""
    lines = [
        "| | minutes | of which tail | workers busy | scheduler busy |",
        "|---|---|---|---|---|",
    ]
    for name, cluster, load in rows:
        out = simulate(cluster, load)
        lines.append(
            f"| {name} | {60 * out.hours:.1f} | {60 * out.tail:.1f} | {out.busy:.0%} "
            f"| {out.scheduler:.1%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, or print the table."""
    if sys.argv[1:2] == ["measure"]:
        mode, block, file = sys.argv[2:]
        measure(mode, int(block), Path(file))
    else:
        print(table())


if __name__ == "__main__":
    main()
