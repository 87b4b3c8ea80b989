"""Voxels a second: this model, the paper's networks and loop, and our own simulation.

Run: pip install diffusers; python benchmarks/vs_peers.py. Prints a table and writes
vs_peers.json. The paper's networks have random weights and its sizes (diffusers'
`UNet3DConditionModel`, one 32^3 block, float32); a few evaluations are timed and
multiplied out: 2,489 evaluations a block and 2.37 times the voxels for the overlap of
blocks. Ours and the simulation are timed from the call to the grains.
"""

import json
import time
from pathlib import Path

import torch
from diffusers import UNet3DConditionModel

import grainpaint

HERE = Path(__file__).parent
EDGE = 128
EVALUATIONS, OVERLAP, BLOCK = 2489, 2.37, 32
NETWORKS = {
    "paper, large network": {"cross_attention_dim": 32},
    "paper, small network": {"cross_attention_dim": 1, "attention_head_dim": 1},
}
AS_SIMULATED, TWICE = 10.4, 20.8  # mean grain diameters at t = 100, and twice that
LATE = 700  # when simulated grains are about twice as wide as at t = 100


def seconds(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def paper(options, repeats=3):
    """Return the voxels a second of the paper's loop with a network."""
    network = UNet3DConditionModel(
        sample_size=BLOCK,
        in_channels=1,
        out_channels=1,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "UpBlock3D"),
        **options,
    ).eval()
    x = torch.randn(1, 1, BLOCK, BLOCK, BLOCK)
    context = torch.zeros(1, 1, options["cross_attention_dim"])
    with torch.inference_mode():
        network(x, 10, context)
        each, _ = seconds(lambda: [network(x, 10, context) for _ in range(repeats)])
    n_weights = sum(p.numel() for p in network.parameters())
    print(f"  {n_weights:,} weights, {each / repeats:.3f} s an evaluation")
    return BLOCK**3 / (each / repeats * EVALUATIONS * OVERLAP)


def ours(edge, diameter):
    grainpaint.generate((32, 32, 32))  # kernels compiled, weights in the page cache
    size = f"{diameter}um"
    took, _ = seconds(lambda: grainpaint.generate((edge,) * 3, grain_size=size))
    return edge**3 / took


def simulation(edge, until):
    grainpaint.simulate.isotropic((16, 16, 16), 1)
    took, volume = seconds(lambda: grainpaint.simulate.isotropic((edge,) * 3, until))
    grains = grainpaint.measure.grains.table(volume)
    print(f"  t = {until}: mean diameter {grains.diameter_um.mean():.1f} voxels")
    return edge**3 / took


def main():
    rows = {name: paper(options) for name, options in NETWORKS.items()}
    rows[f"simulation, {EDGE}^3, t = 100"] = simulation(EDGE, 100)
    rows[f"this model, {EDGE}^3, the same"] = ours(EDGE, AS_SIMULATED)
    rows[f"simulation, {EDGE}^3, t = {LATE}"] = simulation(EDGE, LATE)
    rows[f"this model, {EDGE}^3, the same diameter"] = ours(EDGE, TWICE)
    rows["this model, 256^3, grains of t = 100"] = ours(256, AS_SIMULATED)
    rows["this model, 256^3, twice the diameter"] = ours(256, TWICE)
    for name, speed in rows.items():
        print(f"{name:42}{speed:14,.2f} voxel/s")
    same = rows[f"this model, {EDGE}^3, the same"]
    twice = rows[f"this model, {EDGE}^3, the same diameter"]
    ratios = {
        f"this model / {name}": same / rows[name]
        for name in (*NETWORKS, f"simulation, {EDGE}^3, t = 100")
    }
    late = f"simulation, {EDGE}^3, t = {LATE}"
    ratios[f"this model / {late}"] = twice / rows[late]
    for name, ratio in ratios.items():
        print(f"{name:52}{ratio:12,.2f}")
    kept = {"voxel_per_s": rows, "ratios": ratios}
    (HERE / "vs_peers.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
