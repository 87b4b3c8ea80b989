"""The network: its parts, its training, its weights on disk."""
