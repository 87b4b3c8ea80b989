"""Isotropic grain growth by the Potts model."""
