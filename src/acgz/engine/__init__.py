"""The engine: context and repeat experts, mixed by a small network that learns while it codes."""
