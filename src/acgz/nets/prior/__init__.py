"""Trains priors of the engine: a Warm-Start network, and with it the mixer."""
