"""Trains `builtin:iit-…`: networks that carry out a known program in known parts, and nowhere else.

Strict interchange-intervention training (Geiger et al. 2022, "Inducing causal structure for interpretable
neural networks"; Gupta et al. 2024, "InterpBench"): a part that is given what it had on another prompt must
change the answer as the program says, and a part outside the circuit must not change it at all.
"""

from collections.abc import Collection
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.models.open import open_model

from . import known
from .programs import PROGRAMS, Program
from .recipe import Wanted

SEED = 0
BATCH = 96
N_LAYERS = 2
N_HEADS = 4
WIDTH = 64
STRICTNESS = 1.0
MEASURED = 512
MEASURE_SEED = 2026
SIZES = {"width": WIDTH}
SCHEDULE = Schedule(steps=600, learning_rate=2e-3, warm_up=50, decay=300, weight_decay=0.01)
NODES = (
    *(f"z.{layer}.{head}" for layer in range(N_LAYERS) for head in range(N_HEADS)),
    *(f"mlp_out.{layer}" for layer in range(N_LAYERS)),
)


def make_model(program: Program, *, width: int = WIDTH) -> PlainTransformer:
    """Return a new network with LayerNorm, two layers of four heads, and random weights."""
    return PlainTransformer(
        PlainConfig(
            vocab_size=len(program.words) + 1,
            hidden_size=width,
            num_hidden_layers=N_LAYERS,
            num_attention_heads=N_HEADS,
            intermediate_size=2 * width,
            max_position_embeddings=program.context,
            bos_token_id=0,
            pad_token_id=0,
            initializer_range=0.1,
            attn_implementation="eager",
        )
    )


def tokenizer(program: Program) -> PreTrainedTokenizerFast:
    """Return the tokenizer: the program's words, after a token for the beginning."""
    return known.word_tokenizer(program.words, context=program.context)


def interchanged(
    model: PlainTransformer,
    prompts: Tensor,
    held: dict[str, Tensor] | None = None,
    swapped: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the logits at the end [row vocab], and what each part wrote [row position …].

    ``swapped`` says which row takes which of `NODES` from ``held``, [row node].
    """
    wrote: dict[str, Tensor] = {}

    def mixed(name: str, own: Tensor, chosen: Tensor) -> Tensor:
        return own if held is None else torch.where(chosen, held[name], own)

    def heads(layer: int, _: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        z = wrote[f"z.{layer}"] = given[0].unflatten(-1, (N_HEADS, -1))
        chosen = None if swapped is None else swapped[:, layer * N_HEADS : (layer + 1) * N_HEADS]
        return ((z if chosen is None else mixed(f"z.{layer}", z, chosen[:, None, :, None])).flatten(-2),)

    def mlp(layer: int, _: nn.Module, __: Any, out: Tensor) -> Tensor:
        wrote[f"mlp_out.{layer}"] = out
        chosen = None if swapped is None else swapped[:, N_LAYERS * N_HEADS + layer]
        return out if chosen is None else mixed(f"mlp_out.{layer}", out, chosen[:, None, None])

    hooks = []
    for layer in range(N_LAYERS):
        block: Any = model.h[layer]
        hooks.append(block.attn.o_proj.register_forward_pre_hook(partial(heads, layer)))
        hooks.append(block.mlp.register_forward_hook(partial(mlp, layer)))
    try:
        return model(input_ids=prompts, logits_to_keep=1).logits[:, -1], wrote
    finally:
        for hook in hooks:
            hook.remove()


def batch(step: int, *, program: Program, seed: int) -> tuple[Tensor, ...]:
    """Return base and source prompts, what each row swaps in the two tests, and the right answers.

    In the first test a row takes any set of parts of the circuit from the source, in the second any set of
    parts outside it.
    """
    rng = np.random.default_rng([seed, step])
    base, source = program.pairs(BATCH, rng)
    sets = program.sets_of_steps()
    chosen = rng.integers(0, len(sets), BATCH)
    on_circuit, off_circuit = np.zeros((2, BATCH, len(NODES)), dtype=bool)
    counterfactual = np.zeros(BATCH, dtype=np.int64)
    for index, steps in enumerate(sets):
        rows = chosen == index
        for step_taken in steps:
            on_circuit[rows, NODES.index(program.alignment[step_taken])] = True
        counterfactual[rows] = program.answer(base[rows], source[rows], steps)
    outside = np.array([node not in program.alignment.values() for node in NODES])
    off_circuit[:] = outside & (rng.random((BATCH, len(NODES))) < 0.5)
    parts = (
        base,
        source,
        on_circuit,
        off_circuit,
        program.answer(base, base),
        program.answer(source, source),
        counterfactual,
    )
    return tuple(torch.from_numpy(part) for part in parts)


def strict_loss(model: PlainTransformer, parts: tuple[Tensor, ...]) -> Tensor:
    """Return behaviour and interchange losses in nats, plus what parts outside the circuit move, squared."""
    base, source, on_circuit, off_circuit, answers, source_answers, counterfactual = parts
    n = len(base)
    logits, wrote = interchanged(model, torch.cat([base, source]))
    held = {name: torch.cat([value[n:], value[n:]]) for name, value in wrote.items()}
    changed, _ = interchanged(model, torch.cat([base, base]), held, torch.cat([on_circuit, off_circuit]))
    behaviour = nn.functional.cross_entropy(logits, torch.cat([answers, source_answers]))
    interchange = nn.functional.cross_entropy(changed[:n], counterfactual)
    moved = (changed[n:] - logits[:n]).square().mean()
    return behaviour + interchange + STRICTNESS * moved


def measured_pairs(program: Program) -> tuple[Tensor, Tensor]:
    """Return the base and source prompts that every number of the card is measured on."""
    base, source = program.pairs(MEASURED, np.random.default_rng(MEASURE_SEED))
    return torch.from_numpy(base), torch.from_numpy(source)


@torch.no_grad()
def measure(model: PlainTransformer, *, program: Program) -> dict[str, Any]:
    """Return accuracy, what each part moves as a share of all, and interchange accuracy by set of steps.

    A part is given what it had on the source prompt; the whole is the source prompt itself.
    """
    base, source = measured_pairs(program)
    logits, _ = interchanged(model, base)
    others, held = interchanged(model, source)
    tokens = torch.tensor([program.token(word) for word in program.answers])
    whole = moved(logits, others, tokens)

    def changed(nodes: Collection[str]) -> Tensor:
        swapped = torch.tensor([node in nodes for node in NODES]).expand(len(base), -1)
        return interchanged(model, base, held, swapped)[0]

    shares = {node: float(f"{moved(logits, changed([node]), tokens) / whole:.3g}") for node in NODES}
    interchange = {}
    for steps in program.sets_of_steps():
        wanted = torch.from_numpy(program.answer(base.numpy(), source.numpy(), steps))
        found = changed([program.alignment[step] for step in steps]).argmax(-1)
        interchange[" + ".join(steps)] = round(float((found == wanted).double().mean()), 4)
    return {
        "right": round(float(np.mean(right(model, program))), 4),
        "share_of_total_effect": shares,
        "interchange_accuracy": interchange,
    }


@torch.no_grad()
def right(model: PlainTransformer, program: Program) -> list[bool]:
    """Return whether the answer to each measured base prompt is right."""
    base, _ = measured_pairs(program)
    answers = torch.from_numpy(program.answer(base.numpy(), base.numpy()))
    return (model(input_ids=base).logits[:, -1].argmax(-1) == answers).tolist()


def moved(before: Tensor, after: Tensor, tokens: Tensor) -> float:
    """Return by how much the logits of some tokens moved on average, what they share left out."""
    change = (after - before)[:, tokens]
    return float((change - change.mean(-1, keepdim=True)).abs().mean())


def iit_run(program: Program, *, seed: int = SEED, width: int = WIDTH) -> Run:
    """Return what is trained."""
    return Run(
        seed=seed,
        make_model=partial(make_model, program, width=width),
        batch=partial(batch, program=program, seed=seed),
        loss=strict_loss,
        measure=partial(measure, program=program),
    )


def program_of(wanted: Wanted) -> Program:
    """Return the program that a model's name names."""
    return PROGRAMS[wanted.name.removeprefix("iit-")]


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one network."""
    return ("",)


def _sizes(wanted: Wanted) -> tuple[int, int, Schedule]:
    seed = SEED if wanted.seed is None else wanted.seed
    return seed, wanted.sizes.get("width", WIDTH), replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps)


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train the network in a folder."""
    seed, width, schedule = _sizes(wanted)
    asked = iit_run(program_of(wanted), seed=seed, width=width)
    measure_every = wanted.measure_every or schedule.steps
    learn(asked, schedule, out, stop_after=wanted.stop_after, measure_every=measure_every)


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration, tokenizer and weights."""
    program = program_of(wanted)
    model = known.trained(make_model(program, width=_sizes(wanted)[1]), out)
    known.write_network(model, folder, tokenizer(program))


def write_card(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write the card, measured on the weights in the folder."""
    program, (seed, _width, schedule) = program_of(wanted), _sizes(wanted)
    model: Any = open_model(str(folder)).hf
    found = measure(model, program=program)
    facts = {
        "command": f"python tools/train_builtin.py {wanted.name} --out FOLDER --export",
        "seed": seed,
        "batch": BATCH,
        "strictness": STRICTNESS,
        "schedule": asdict(schedule),
        "method": "strict interchange-intervention training (Geiger et al. 2022; Gupta et al. 2024)",
    }
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}",
            "title": f"A known circuit in dense weights: {program.name}",
            "summary": f"{program.sentence} Trained so that known parts take known steps, and no others.",
            "architecture": known.architecture(model, folder),
            "training": known.training_facts(out, facts),
            "aims": {
                "right": "1.0",
                "off the circuit": "each part moves at most 0.01 of the total effect",
                "on the circuit": "each part moves at least 0.1 of it",
            },
            "accuracy": {"answers": known.share(right(model, program))},
            "inside": {
                "program": program.sentence,
                "example": program.example,
                "steps": program.steps,
                "alignment": program.alignment,
                "edges": program.edges,
                "off_circuit": [node for node in NODES if node not in program.alignment.values()],
                **{key: found[key] for key in ("share_of_total_effect", "interchange_accuracy")},
            },
        },
    )
