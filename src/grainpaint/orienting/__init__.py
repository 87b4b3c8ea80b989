"""Orientations for the grains of a volume: a texture, and who lies beside whom."""
