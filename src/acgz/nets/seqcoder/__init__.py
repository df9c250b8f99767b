"""SeqCoder: a convolutional autoencoder whose decoder predicts the bases of a chunk."""
