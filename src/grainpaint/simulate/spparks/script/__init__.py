"""Read SPPARKS' input scripts: language, commands, state."""
