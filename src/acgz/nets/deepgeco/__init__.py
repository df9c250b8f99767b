"""DeepGeCo (AAAI 2025): a frozen Warm-Start network and a Supporter that learns while coding."""

COMMANDS = {
    "tune": (
        "find the (s,k) of deepgeco for a file",
        "acgz.nets.deepgeco.tune:declare",
        (
            "acgz tune genome.fa                     # ranks every (s,k) on a sample",
            "acgz tune --sample 100000 --most 6 genome.fa",
            "acgz compress -m deepgeco-mini --sk 3,4 genome.fa",
        ),
    ),
}
