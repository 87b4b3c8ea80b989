"""Which share of the speed of convolutions on this machine the base network reaches.

Run: python benchmarks/peak.py [--edge 128] [--precision auto]. The peak is the fastest
of some 3-D convolutions in the same precision (channels last, 3^3, as many channels in
as out); the network is timed whole, by the operations that its convolutions and
matrices take. Both are timed in turns, since the speed of shared machines drifts. Run
it on idle cores. Puts the row of this machine into peak.json.
"""

import math
from pathlib import Path

import torch
from common import in_turns, make_parser, save
from torch.utils.flop_counter import FlopCounterMode

from grainpaint.network.cards import read_card
from grainpaint.network.inference import Evaluator
from grainpaint.network.lookup import find_model
from grainpaint.network.precision import DTYPES, has_onednn, resolve
from grainpaint.network.weights import read_network

CHANNELS, EDGES = (64, 96, 112, 128, 256), (24, 32, 48, 64)
ROUNDS = 3


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
    parser = make_parser(__doc__, edge=32)
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

    known = convolutions(DTYPES[precision])[: 4 if options.quick else None]
    operations, calls = zip(*known)
    seconds, *others = in_turns([evaluate, *calls], 1 if options.quick else ROUNDS)
    best = max(n / s for n, s in zip(operations, others))
    row = {
        "base window, edge": edge,
        "evaluation, s": round(seconds, 3),
        "operations a base voxel": round(flops / edge**3),
        "reached, GFLOP/s": round(flops / seconds / 1e9),
        "fastest convolution, GFLOP/s": round(best / 1e9),
        "share": round(flops / seconds / best, 2),
    }
    for name, value in row.items():
        print(f"{name:32}{value!s:>12}")
    known = {"model": "iso", "precision": precision}
    save(options, Path(__file__), row, per_machine=True, **known)


if __name__ == "__main__":
    main()
