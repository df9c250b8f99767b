// An example, and what the test runs: genomes are compressed, restored, and asked for a region.
// nextflow run main.nf --genomes '*.fa' --regions 'chr1:5-8' --out results

include { ACGZ_COMPRESS; ACGZ_DECOMPRESS; ACGZ_EXTRACT } from './acgz'

params.genomes = '*.fa'
params.regions = 'chr1:5-8'
params.out = 'results'

workflow {
    archives = ACGZ_COMPRESS(Channel.fromPath(params.genomes))
    restored = ACGZ_DECOMPRESS(archives)
    regions = ACGZ_EXTRACT(archives.map { archive -> [archive, params.regions] })
    restored.mix(regions).collectFile(storeDir: params.out)
}
