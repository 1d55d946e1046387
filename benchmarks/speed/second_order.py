"""What do the second-order effects of all neurons cost, and what would the first code for CLIP spend on them?

``python -m benchmarks.speed.second_order [--json] [--quick] [--repeats N]``

Timed in turn, in one run: a plain forward pass, the pass that captures what the effects need, and that pass
with the effects of all neurons of all layers. Beside them stands the computation of the first code, written
anew from its formulas; it is run on a few neurons of one layer and one prompt, for all of them would neither
fit nor end, and scaled by their number, as it does the same for each.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from benchmarks.speed.report import circumstances
from benchmarks.speed.subjects import FULL, TINY, Subject, subject
from benchmarks.speed.timing import Ratio, interleaved, ratio
from neuronscope.instruments import Direction, Linearised, linearise, logit_direction
from neuronscope.instruments.linear.fixed import bias_of, head_weights
from neuronscope.instruments.live_bytes import LiveBytes
from neuronscope.instruments.second_order import later_heads, neuron_effects, neuron_sites
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.values import Values

THREADS = 2
MOST_PASSES, MOST_MEGABYTES = 1.2, 100.0
FEW_NEURONS = 24


@dataclass(frozen=True)
class Found:
    """The two costs that are bounded, and how much more work the first code does on one layer."""

    beyond_capturing: Ratio
    capturing: Ratio
    extra_megabytes: float
    capturing_megabytes: float
    one_layer_by_time: float
    one_layer_by_count: float
    first_code_seconds: float
    first_code_share_run: float
    one_layer_seconds: float

    @property
    def missed(self) -> bool:
        """Return whether a bound is missed."""
        return self.beyond_capturing.value > MOST_PASSES or self.extra_megabytes > MOST_MEGABYTES


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 where a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.second_order", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="a tiny model, to see that it runs")
    parser.add_argument("--repeats", type=int, default=7, help="how often each piece of work is timed")
    asked = parser.parse_args(words)
    torch.set_num_threads(THREADS)
    about = circumstances(THREADS, asked.quick)
    size = replace(TINY, layers=3, rows=2) if asked.quick else replace(FULL, positions=64, rows=8)
    found = measure(subject("gpt2", size), repeats=2 if asked.quick else asked.repeats)
    if asked.json:
        print(json.dumps({"about": about, "size": asdict(size), **asdict(found)}, indent=1))
    else:
        show(found)
    return int(not asked.quick and found.missed)


def show(found: Found) -> None:
    """Print what was found, a line each."""
    beyond, capturing = found.beyond_capturing, found.capturing
    for name, one in (("capturing pass", capturing), ("effects beyond it", beyond)):
        print(f"{name:<28}{one.value:10.3f} plain passes  [{one.low:.3f}, {one.high:.3f}]")
    print(f"{'memory beyond a plain pass':<28}{found.extra_megabytes:10.1f} MB of tensors at the peak")
    print(f"{'of it, the capturing pass':<28}{found.capturing_megabytes:10.1f} MB")
    print(f"{'first code, one layer':<28}{found.one_layer_by_count:10.0f} times the work by count")
    print(f"{'':<28}{found.one_layer_by_time:10.0f} times the time, scaled from "
          f"{found.first_code_share_run:.2e} of it")  # fmt: skip


def measure(on: Subject, *, repeats: int) -> Found:
    """Return the costs on one model, all in the same run."""
    model, sites = on.model, neuron_sites(on.model)
    reading, layer = logit_direction(model, 3, 5), model.n_layers // 2 - 1

    def capturing() -> Linearised:
        return linearise(model, on.tokens, order=2, keep=sites)

    def effects() -> Tensor:
        return neuron_effects(capturing(), reading)

    seen, whole = (
        capturing(),
        linearise(model, on.tokens[:1], order=2, keep=[*sites, "pattern.*", "resid_pre.*"]),
    )
    few = min(FEW_NEURONS, model.n_neurons)
    work = {
        "plain": on.forward,
        "capturing": capturing,
        "effects": effects,
        "layer": partial(_one_layer, seen, reading, layer),
        "first code": partial(first_code, whole, layer, few),
    }
    seconds = interleaved(work, repeats, seldom=["first code"])
    beyond = [both - alone for both, alone in zip(seconds["effects"], seconds["capturing"], strict=True)]
    bytes_of = {name: _peak(work[name]) for name in ("plain", "capturing", "effects")}
    scale = model.n_neurons / few * len(on.tokens)
    first, own = sorted(seconds["first code"])[0] * scale, sorted(seconds["layer"])[repeats // 2]
    return Found(
        beyond_capturing=ratio(beyond, seconds["plain"]),
        capturing=ratio(seconds["capturing"], seconds["plain"]),
        extra_megabytes=(bytes_of["effects"] - bytes_of["plain"]) / 1e6,
        capturing_megabytes=(bytes_of["capturing"] - bytes_of["plain"]) / 1e6,
        one_layer_by_time=first / max(own, 1e-9),
        one_layer_by_count=_first_count(on) / _own_count(on),
        first_code_seconds=first,
        first_code_share_run=1 / scale,
        one_layer_seconds=own,
    )


def _one_layer(seen: Linearised, reading: Direction, layer: int) -> Tensor:
    active, vectors = seen.neuron_writers(layer)
    return later_heads(seen, reading).after(layer).effects(active, vectors)


def _peak(work: Any) -> int:
    with LiveBytes() as live:
        work()
    return live.peak


def _first_count(on: Subject) -> float:
    """Return the operations of one layer, one prompt: products with values, outputs and whole patterns."""
    model, n_positions = on.model, on.size.positions
    width, head_width = model.width, model.head_width
    return 4.0 * n_positions * model.n_neurons * width * head_width + (
        2.0 * n_positions**2 * model.n_neurons * head_width
    )


def _own_count(on: Subject) -> float:
    return 2.0 * on.model.n_neurons * (on.size.positions + 1)


def first_code(seen: Linearised, layer: int, few: int) -> Tensor:
    """Return the effects of a few neurons on one prompt, [neuron width], as the first code computes them.

    Every neuron gets an even share of all means and biases, every head its product with the whole pattern,
    though one query is read (Gandelsman et al. 2024, their code for CLIP, without its projection).
    """
    parts, n_layers = seen.parts, len(seen.parts.layers)
    down = cast(nn.Module, parts.layers[layer].down)
    n_neurons, n_out = seen.model.n_neurons, 1 + 2 * n_layers
    active, vectors = seen.neuron_writers(layer)
    written = active[0, :, :few, None] * vectors[:few] + cast(Tensor, bias_of(down)) / n_neurons
    total = written.new_zeros(few, parts.width)
    mean_last, scale_last = seen.last.mean(-1), seen.final_scale
    for later in range(layer + 1, n_layers):
        part, count = parts.layers[later], (1 + 2 * later) * n_neurons
        before, values, rows = cast(Held, part.before), cast(Values, part.values), head_weights(part)
        mean = seen.seen[f"resid_pre.{later}"][0].mean(-1)[:, None, None]
        scale = seen.seen[f"attn_norm.{later}"][0][:, None, None]
        read = (
            cast(Tensor, before.gain) * (written - mean / count) / scale + cast(Tensor, before.bias) / count
        )
        pattern, bias = seen.seen[f"pattern.{later}"][0], cast(Tensor, values.bias)
        out_bias = cast(Tensor, bias_of(cast(nn.Module, part.output)))
        for head in range(part.heads):
            value = read @ values.rows[head] + bias[head] / count
            mixed = torch.einsum("qp,pnk->qnk", pattern[head], value)
            out = (mixed @ rows[head] + out_bias / (count * part.heads))[-1]
            shares, final = count * n_out * part.heads, parts.final
            total += cast(Tensor, final.gain) * (out - mean_last / shares) / scale_last
            total += cast(Tensor, final.bias) / shares
    return total


if __name__ == "__main__":
    sys.exit(main())
