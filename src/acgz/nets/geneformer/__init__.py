"""GeneFormer (arXiv 2022): convolution, pooling and one transformer encoder layer with memory."""
