"""Snakemake wrapper of acgz: compresses, restores or extracts, as names of input and output say.

- output ``x.acgz``: an archive of the input, of one file or of several;
- input ``x.acgz``, output ``x``: what it was made of;
- with ``params.regions``, such as ``["chr1:1-1000"]``: these records or regions, as FASTA.

``params.extra`` has further options; ``threads`` and ``log`` are as everywhere in Snakemake.
"""

from snakemake.shell import shell

regions = snakemake.params.get("regions", [])  # noqa: F821 - Snakemake defines it
extra = snakemake.params.get("extra", "")  # noqa: F821
log = snakemake.log_fmt_shell(stdout=False, stderr=True)  # noqa: F821
common = f"-q -f -T {snakemake.threads} {extra}"  # noqa: F821

if regions:
    files = "{snakemake.output[0]:q} {snakemake.input[0]:q}"
    shell("acgz extract {common} -o " + files + " {regions:q} {log}")
elif snakemake.output[0].endswith(".acgz"):  # noqa: F821
    shell("acgz compress {common} -o {snakemake.output[0]:q} {snakemake.input:q} {log}")
else:
    shell("acgz decompress {common} -o {snakemake.output[0]:q} {snakemake.input[0]:q} {log}")
