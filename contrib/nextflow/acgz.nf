// Processes of acgz: include { ACGZ_COMPRESS; ACGZ_DECOMPRESS; ACGZ_EXTRACT } from './acgz'
// task.ext.args has further options, as in nf-core.

process ACGZ_COMPRESS {
    tag "${fasta.name}"
    cpus 2

    input:
    path fasta

    output:
    path "${fasta}.acgz"

    script:
    "acgz compress -q -T ${task.cpus} ${task.ext.args ?: ''} -o '${fasta}.acgz' '${fasta}'"
}

process ACGZ_DECOMPRESS {
    tag "${archive.name}"
    cpus 2

    input:
    path archive

    output:
    path "${archive.baseName}"

    script:
    "acgz decompress -q -T ${task.cpus} ${task.ext.args ?: ''} -o '${archive.baseName}' '${archive}'"
}

process ACGZ_EXTRACT {
    tag "${archive.name} ${regions}"

    input:
    tuple path(archive), val(regions)

    output:
    path "${archive.baseName}.regions.fa"

    script:
    "acgz extract -q ${task.ext.args ?: ''} -o '${archive.baseName}.regions.fa' '${archive}' ${regions}"
}
