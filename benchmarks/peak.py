"""Which share of the speed of convolutions on this machine the base network reaches.

Run: python benchmarks/peak.py [--edge 128] [--precision auto]. The peak is the fastest
of some 3-D convolutions in the same precision (channels last, 3^3, as many channels in
as out); the network is timed whole, by the operations that its convolutions and
matrices take. Both are timed in turns, since the speed of shared machines drifts. Run
it on idle cores. Puts the row of this machine into peak.json.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from common import add_row, stamp
from torch.utils.flop_counter import FlopCounterMode

from grainpaint.network.cards import read_card
from grainpaint.network.inference import Evaluator
from grainpaint.network.library import find_model
from grainpaint.network.precision import DTYPES, has_onednn, resolve
from grainpaint.network.weights import read_network

HERE = Path(__file__).parent
CHANNELS, EDGES = (64, 96, 112, 128, 256), (24, 32, 48, 64)
ROUNDS = 4


def seconds_of(call):
    """Return the time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def convolutions(dtype):
    """Return calls of convolutions with the operations that each takes."""
    convolve = torch.nn.functional.conv3d
    if has_onednn(torch.device("cpu"), dtype):

        def convolve(x, weight):
            none, unit = (0, 0, 0), (1, 1, 1)
            return torch.mkldnn_convolution(x, weight, None, none, unit, unit, 1)

    found = []
    for channels in CHANNELS:
        for edge in EDGES:
            x = torch.randn(1, channels, *(edge + 2,) * 3).to(dtype)
            weight = torch.randn(channels, channels, 3, 3, 3).to(dtype)
            x, weight = (
                a.contiguous(memory_format=torch.channels_last_3d) for a in (x, weight)
            )
            flops = 2 * 27 * channels**2 * edge**3
            found.append((flops, lambda x=x, w=weight: convolve(x, w)))
    return found


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--edge", type=int, default=128)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    edge, precision = options.edge, resolve(options.precision)
    folder = find_model("iso")
    card = read_card(folder / "base.json")
    network = read_network(folder, card)
    evaluator = Evaluator(network, precision)
    x = torch.randn(1, edge, edge, edge, network.config.dim)
    told = torch.tensor([0.7, math.log2(card.sampling.grain_diameter / 6), 1.0])
    with FlopCounterMode(display=False) as counter:
        small = x[:, :32, :32, :32]
        setting = torch.zeros(1, 32, 32, 32, 2)
        network(small, small[..., :1], setting, None)
    flops = counter.get_total_flops() * (edge / 32) ** 3

    def evaluate():
        for _ in evaluator.slabs(x, told):
            pass

    calls = convolutions(DTYPES[precision])
    best, seconds = 0.0, math.inf
    for number in range(ROUNDS):  # the first makes kernels
        seconds = min(seconds, seconds_of(evaluate)) if number else seconds
        for operations, call in calls:
            rate = operations / seconds_of(call)
            best = max(best, rate) if number else best
        if not number:
            evaluate()
    row = {
        **stamp(precision),
        "base window, edge": edge,
        "evaluation, s": round(seconds, 3),
        "operations a base voxel": round(flops / edge**3),
        "reached, GFLOP/s": round(flops / seconds / 1e9),
        "fastest convolution, GFLOP/s": round(best / 1e9),
        "share": round(flops / seconds / best, 2),
        "torch_threads": torch.get_num_threads(),
    }
    for name, value in row.items():
        print(f"{name:32}{value!s:>12}")
    add_row(HERE / "peak.json", row)


if __name__ == "__main__":
    main()
