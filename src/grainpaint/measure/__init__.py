"""Grains to numbers: what a volume is made of, and how far two sets lie apart."""
