"""Compress a real genome, restore it, compare the bytes, and print a table of sizes.

Run it with ``make demo``. It uses the same command line that you would type.
"""

from __future__ import annotations

import gzip
import lzma
import subprocess
import sys
import tempfile
from pathlib import Path

GENOME = Path(__file__).with_name("phage_lambda.fa")


def acgz(*arguments: str | Path) -> None:
    """Run ``acgz`` as a command and show it."""
    command = [str(argument) for argument in arguments]
    print("$ acgz", *(Path(word).name if "/" in word else word for word in command), flush=True)
    subprocess.run([sys.executable, "-m", "acgz", *command], check=True)


def main() -> int:
    original = GENOME.read_bytes()
    bases = sum(len(line) for line in original.splitlines() if not line.startswith(b">"))
    print(f"{GENOME.name}: genome of bacteriophage lambda, {bases:,} bases\n")

    with tempfile.TemporaryDirectory() as folder:
        archive, restored = Path(folder, "phage_lambda.acgz"), Path(folder, "restored.fa")
        packed = Path(folder, "packed.acgz")
        acgz("compress", "-o", archive, GENOME)
        acgz("decompress", "-o", restored, archive)
        if restored.read_bytes() != original:
            print("the restored file DIFFERS from the original", file=sys.stderr)
            return 1
        print("the restored file equals the original, byte for byte\n")
        acgz("compress", "-q", "-m", "twobit", "-o", packed, GENOME)
        sizes = {
            "original file": len(original),
            "gzip -9": len(gzip.compress(original, 9)),
            "xz -9e": len(lzma.compress(original, preset=9 | lzma.PRESET_EXTREME)),
            "two bits per base (acgz -m twobit)": packed.stat().st_size,
            "acgz": archive.stat().st_size,
        }

    print(f"\n{'':36}{'bytes':>8}  bits/base")
    for name, size in sizes.items():
        print(f"{name:36}{size:>8,}  {8 * size / bases:>9.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
