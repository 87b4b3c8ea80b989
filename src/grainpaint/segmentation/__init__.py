"""Segmentation: from fields of colors or values to grains."""
