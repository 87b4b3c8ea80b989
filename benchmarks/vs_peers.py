"""Voxels a second: this model, the paper's networks and loop, and our own simulation.

Run: pip install diffusers; python benchmarks/vs_peers.py. Prints a table and writes
vs_peers.json. The paper's networks have random weights and its sizes (diffusers'
`UNet3DConditionModel`, one 32^3 block, float32); a few evaluations are timed and
multiplied out: 2,489 evaluations a block and 2.37 times the voxels for the overlap of
blocks. Ours and the simulation are timed from the call to the grains.
"""

from pathlib import Path

import torch
from common import make_parser, save, timed
from diffusers import UNet3DConditionModel

import grainpaint
from grainpaint.measure.grain_table import table

EVALUATIONS, OVERLAP, BLOCK = 2489, 2.37, 32
NETWORKS = {
    "paper, large network": {"cross_attention_dim": 32},
    "paper, small network": {"cross_attention_dim": 1, "attention_head_dim": 1},
}
AS_SIMULATED, TWICE = 10.4, 20.8  # mean grain diameters at t = 100, and twice that
LATE = 700  # when simulated grains are about twice as wide as at t = 100


def paper(options, repeats, block):
    """Return the voxels a second of the paper's loop with a network."""
    network = UNet3DConditionModel(
        sample_size=block,
        in_channels=1,
        out_channels=1,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "UpBlock3D"),
        **options,
    ).eval()
    x = torch.randn(1, 1, block, block, block)
    context = torch.zeros(1, 1, options["cross_attention_dim"])
    with torch.inference_mode():
        network(x, 10, context)
        took, _ = timed(lambda: [network(x, 10, context) for _ in range(repeats)])
    n_weights = sum(p.numel() for p in network.parameters())
    print(f"  {n_weights:,} weights, {took / repeats:.3f} s an evaluation")
    return block**3 / (took / repeats * EVALUATIONS * OVERLAP)


def ours(edge, diameter):
    grainpaint.generate((32, 32, 32))  # kernels compiled, weights in the page cache
    size = f"{diameter}um"
    took, _ = timed(lambda: grainpaint.generate((edge,) * 3, grain_size=size))
    return edge**3 / took


def simulation(edge, until):
    grainpaint.simulate.isotropic((16, 16, 16), 1)
    took, volume = timed(lambda: grainpaint.simulate.isotropic((edge,) * 3, until))
    diameter = float(table(volume).diameter_um.mean())
    print(f"  t = {until}: mean diameter {diameter:.1f} voxels")
    return edge**3 / took, diameter


def main():
    parser = make_parser(__doc__, edges=[16, 16], late=120, repeats=1, block=16)
    parser.add_argument("--edges", type=int, nargs=2, default=[128, 256])
    parser.add_argument("--late", type=int, default=LATE, help="Monte Carlo steps")
    parser.add_argument("--block", type=int, default=BLOCK, help="voxels")
    parser.add_argument("--repeats", type=int, default=3, help="of evaluations")
    options = parser.parse_args()
    (edge, large), late = options.edges, options.late
    rows = {n: paper(o, options.repeats, options.block) for n, o in NETWORKS.items()}
    early_name, late_name = (f"simulation, {edge}^3, t = {t}" for t in (100, late))
    rows[early_name], early_diameter = simulation(edge, 100)
    rows[f"this model, {edge}^3, the same"] = same = ours(edge, AS_SIMULATED)
    rows[late_name], late_diameter = simulation(edge, late)
    rows[f"this model, {edge}^3, the same diameter"] = twice = ours(edge, TWICE)
    rows[f"this model, {large}^3, grains of t = 100"] = ours(large, AS_SIMULATED)
    rows[f"this model, {large}^3, twice the diameter"] = ours(large, TWICE)
    for name, speed in rows.items():
        print(f"{name:42}{speed:14,.2f} voxel/s")
    ratios = {name: same / rows[name] for name in (*NETWORKS, early_name)}
    ratios[late_name] = twice / rows[late_name]
    for name, ratio in ratios.items():
        print(f"this model / {name:42}{ratio:12,.2f}")
    figures = {
        "diameters": {"early": early_diameter, "late": late_diameter},
        "voxels_a_second": [{"name": n, "speed": s} for n, s in rows.items()],
        "ratios": [{"name": n, "ratio": r} for n, r in ratios.items()],
    }
    save(options, Path(__file__), figures, model="iso")


if __name__ == "__main__":
    main()
