"""Which share of the speed of convolutions on this machine the base network reaches.

Run: python benchmarks/peak.py [--edge 128]. The peak is the fastest of some 3-D
convolutions (bfloat16, channels last, 3^3, as many channels in as out); the network is
timed whole, by the operations that its convolutions and matrices take. Run it on idle
cores. Writes peak.json.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch.nn.functional import conv3d
from torch.utils.flop_counter import FlopCounterMode

from grainpaint.model import load_model

HERE = Path(__file__).parent
CHANNELS, EDGES = (64, 96, 112, 128, 256), (24, 32, 48, 64)


def seconds_of(call, repeats=3):
    """Return the shortest of some times, after one that counts nothing."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def peak():
    """Return the operations a second of the fastest convolution."""
    best = 0.0
    for channels in CHANNELS:
        for edge in EDGES:
            x = torch.randn(1, channels, edge, edge, edge, dtype=torch.bfloat16)
            x = x.to(memory_format=torch.channels_last_3d)
            weight = torch.randn(channels, channels, 3, 3, 3, dtype=torch.bfloat16)
            weight = weight.to(memory_format=torch.channels_last_3d)
            seconds = seconds_of(lambda x=x, w=weight: conv3d(x, w, padding=1))
            best = max(best, 2 * 27 * channels**2 * edge**3 / seconds)
    return best


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--edge", type=int, default=128)
    edge = parser.parse_args().edge
    network = load_model("iso").base
    x = torch.randn(1, edge, edge, edge, network.config.dim)
    one = torch.ones(1, edge, edge, edge, 1)
    setting = torch.zeros(1, edge, edge, edge, 2)

    def evaluate():
        with torch.autocast("cpu", torch.bfloat16):
            return network(x, one, setting, None)

    with FlopCounterMode(display=False) as counter:
        evaluate()
    seconds = seconds_of(evaluate)
    reached, best = counter.get_total_flops() / seconds, peak()
    result = {
        "base window, edge": edge,
        "evaluation, s": round(seconds, 2),
        "operations a base voxel": round(counter.get_total_flops() / edge**3),
        "reached, GFLOP/s": round(reached / 1e9),
        "fastest convolution, GFLOP/s": round(best / 1e9),
        "share": round(reached / best, 2),
        "threads": torch.get_num_threads(),
    }
    for name, value in result.items():
        print(f"{name:32}{value:>12,}")
    (HERE / "peak.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
