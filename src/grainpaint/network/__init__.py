"""The neural network: its layers, its training, and models on disk."""
