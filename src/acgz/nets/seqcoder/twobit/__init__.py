"""The form "twobit": an autoencoder that begins as, and stays, two bits for each base."""
