"""Paint grains into parts of any shape with a 3-D diffusion model."""
