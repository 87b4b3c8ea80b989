"""python -m grainpaint."""

from grainpaint.cli import main

main()
