"""What the model of text lines has read before the first of them: usual headers."""

from __future__ import annotations

from typing import Final

# Part of the format: changing a byte of it changes what every archive decodes to.
PRIMER: Final = b"""\
>ENA|U00096|U00096.3 Escherichia coli str. K-12 substr. MG1655, complete genome.
>chrUn_KI270302v1
>chr2
>chr3
>NODE_1_length_412370_cov_35.627711
>NODE_2_length_267414_cov_31.204417
>scaffold_1
>contig_1
>1 dna:chromosome chromosome:GRCh38:1:1:248956422:1 REF
>2 dna:chromosome chromosome:GRCh38:2:1:242193529:1 REF
>MT dna:chromosome chromosome:GRCh38:MT:1:16569:1 REF
>gi|9626372|ref|NC_001422.1| Enterobacteria phage phiX174, complete genome
>gi|251831106|ref|NC_012920.1| Homo sapiens mitochondrion, complete genome
>AF347015.1 Homo sapiens isolate mitochondrion, complete genome
>MN908947.3 Severe acute respiratory syndrome coronavirus 2 isolate Wuhan-Hu-1, complete genome
>JAAAAA010000001.1 Klebsiella pneumoniae strain contig00001, whole genome shotgun sequence
>NZ_CP009273.1 Escherichia coli BW25113 strain K-12 chromosome, complete genome
>NZ_CP009274.1 Salmonella enterica subsp. enterica serovar Typhimurium str. LT2 plasmid pSLT, complete sequence
>NC_000913.3 Escherichia coli str. K-12 substr. MG1655 chromosome, complete genome
>NW_003315905.1 Mus musculus strain C57BL/6J chromosome 1 unlocalized genomic scaffold, GRCm39
>NC_000020.11 Homo sapiens chromosome 20, GRCh38.p14 Primary Assembly
>NC_008394.4 Oryza sativa Japonica Group cultivar Nipponbare chromosome 1 sequence
>NC_003424.3 Schizosaccharomyces pombe strain 972h- chromosome I, complete sequence
>NC_000001.1 Drosophila melanogaster chromosome 2L
>chr1
"""  # noqa: E501
