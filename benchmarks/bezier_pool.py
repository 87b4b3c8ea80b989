"""The curves of the Bézier pool in the scripts that come with SPPARKS."""

__all__ = ["CONTROL_POINTS", "CURVES"]

CURVES = {  # as a recipe has them
    "x": (-2.2597, -2.2597, 1.29865, 2.23368, 2.23368),
    "y": (0.85711, 1.50644, 0.88308),
    "z": (-0.78114, -1.62087, -1.78114),
}
CONTROL_POINTS = "\n".join(  # as a script has them
    f"potts/am/bezier control_points {axis} {' '.join(map(str, points))}"
    for axis, points in CURVES.items()
)
