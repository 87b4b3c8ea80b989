"""Values to grains."""
