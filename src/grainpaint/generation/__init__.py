"""A volume from a recipe: base, refinement, segmentation, in memory or on disk."""
