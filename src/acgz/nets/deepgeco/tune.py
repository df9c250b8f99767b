"""``acgz tune``: which (s,k)-mers suit a file."""

from __future__ import annotations

import argparse

from acgz.cli import background, messages, options

DESCRIPTION = """\
Compresses and restores a sample of FILE with every (s,k) up to --most and prints the table of
DeepGeCo's RTCR (rank of ratio and of throughput, half and half), the best first. Every (s,k) runs
without a Warm-Start network, since each would need one of its own: the Supporter alone."""


def declare(parser: options.Parser) -> None:
    """``tune``."""
    parser.description = DESCRIPTION
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--sample",
        type=options.count,
        default=30_000,
        metavar="BASES",
        help="bases to try, from the middle of the file (default: %(default)s)",
    )
    parser.add_argument(
        "--most",
        type=int,
        choices=range(1, 9),
        default=4,
        metavar="K",
        help="longest k, up to 8 (default: %(default)s, as in the paper)",
    )
    parser.add_argument(
        "--set",
        action="append",
        type=options.assignment,
        default=[],
        metavar="NAME=VALUE",
        help="another setting of deepgeco; may be repeated",
    )
    options.add_threads(parser)
    options.add_json(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    import json

    from acgz.cli.inputs import open_input
    from acgz.cli.outputs import print_lines
    from acgz.codec import Job
    from acgz.errors import UsageError
    from acgz.layout import split
    from acgz.nets.deepgeco import rtcr
    from acgz.nets.deepgeco.settings import DeepGeCoSettings

    with open_input(args.file, unpack="always") as source:
        residues = split(source.stream.read()).residues
    if not residues.size:
        raise UsageError(f"{args.file}: no nucleotide sequence")
    start = max(0, (residues.size - args.sample) // 2)
    sample = residues[start : start + args.sample].copy()

    def hear(trial: rtcr.Trial) -> None:
        grid = trial.grid
        messages.remark(args, f"({grid.s},{grid.k}): {trial.bits_per_base:.4f} bits/base")

    settings = {
        "warm_start": "none",
        **DeepGeCoSettings.parsed(dict(args.set), "deepgeco"),
    }
    trials = background.run(
        lambda: rtcr.measure(sample, args.most, settings, Job(args.threads), hear)
    )
    ranked = rtcr.rank(trials)
    if args.json:
        rows = [
            {
                "s": row.trial.grid.s,
                "k": row.trial.grid.k,
                "bits_per_base": row.trial.bits_per_base,
                "throughput_kB_per_second": row.trial.throughput,
                "ratio_rank": row.ratio_rank,
                "throughput_rank": row.throughput_rank,
                "rtcr": row.rtcr,
            }
            for row in ranked
        ]
        print_lines(json.dumps(rows, indent=2))
        return 0
    print_lines(f"{'s,k':5} {'bits/base':>9} {'rank':>4} {'kB/s':>8} {'rank':>4} {'RTCR':>5}")
    for row in ranked:
        grid, trial = row.trial.grid, row.trial
        print_lines(
            f"{grid.s},{grid.k:<3} {trial.bits_per_base:9.4f} {row.ratio_rank:4} "
            f"{trial.throughput:8.2f} {row.throughput_rank:4} {row.rtcr:5.1f}"
        )
    best = ranked[0].trial.grid
    print_lines(f"best: --sk {best.s},{best.k}")
    return 0
