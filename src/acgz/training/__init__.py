"""Training of networks with PyTorch, before any compression."""
