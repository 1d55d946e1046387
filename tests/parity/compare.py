"""Compare our analyses with the peer libraries on one small random GPT-2, and write docs/parity.md.

``python3 start.py test --parity`` calls this in our environment and hands it the Python of the peers'.
Both sides read the same weights from one folder, so that only the code differs. Ends with status 1
where any number differs by more than the tolerance.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from analyses import answers
from names import by_name, families, inputs_of, make
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import neuronscope

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "parity.md"
TOLERANCE = 1e-5
END = "<|endoftext|>"
WORDS = [END, *(f"word{number}" for number in range(1, 64))]
CLEAN, CORRUPT = [3, 14, 15, 9, 26, 5, 35, 8], [3, 14, 15, 9, 27, 5, 35, 8]
TARGET, DISTRACTOR = 31, 41

INTRODUCTION = """# Parity with peers

Written by `python3 start.py test --parity`, which installs the peers into an environment of their own
and runs both sides on the same weights: a random GPT-2 with {layers} layers, {heads} heads, width {width}
and {vocab} tokens, and two prompts of {positions} tokens. The later rows ask a random Llama too,
and names are read in random models of all families that have a translation. Token attribution runs captum
inside; nothing else runs its peer. Two numbers are equal when they differ by at most {tolerance:g}.

| quantity | ours | peer | numbers compared | largest number | largest difference | |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One quantity that both sides computed."""

    quantity: str
    ours: str
    peer: str
    values: np.ndarray
    expected: np.ndarray

    @property
    def difference(self) -> float:
        """Return the largest absolute difference, infinite where shapes or finiteness differ."""
        if self.values.shape != self.expected.shape or not np.isfinite(self.values).all():
            return float("inf")
        return float(np.abs(self.values - self.expected).max())

    @property
    def passed(self) -> bool:
        """Return whether the two sides agree."""
        return self.difference <= TOLERANCE

    def __str__(self) -> str:
        """Write the row of the table."""
        verdict = "equal" if self.passed else "DIFFERS"
        return (
            f"| {self.quantity} | {self.ours} | {self.peer} | {self.values.size:,} "
            f"| {np.abs(self.expected).max():.3g} | {self.difference:.1e} | {verdict} |"
        )


def make_model(folder: Path) -> GPT2Config:
    """Write a random GPT-2, its tokenizer and the question into a folder."""
    torch.manual_seed(20261121)
    config = GPT2Config(
        vocab_size=len(WORDS), n_positions=32, n_embd=32, n_layer=3, n_head=4, bos_token_id=0, eos_token_id=0
    )
    network = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.2)
    network.save_pretrained(folder)
    splitter = Tokenizer(WordLevel({word: token for token, word in enumerate(WORDS)}, unk_token=END))
    splitter.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=splitter, bos_token=END, eos_token=END, unk_token=END
    ).save_pretrained(folder)
    question = {"clean": CLEAN, "corrupt": CORRUPT, "target": TARGET, "distractor": DISTRACTOR}
    (folder / "question.json").write_text(json.dumps(question), encoding="utf-8")
    return config


def compare(folder: Path, peers: Path) -> list[Row]:
    """Run both sides on the model in the folder and set their numbers side by side."""
    quiet = {**os.environ, "TQDM_DISABLE": "1"}
    subprocess.run([str(peers), str(HERE / "peers.py"), str(folder)], env=quiet, check=True)
    theirs = dict(np.load(folder / "peers.npz"))
    versions = json.loads((folder / "peers.json").read_text(encoding="utf-8"))
    lens_name = f"TransformerLens {versions['transformer-lens']}"
    model = neuronscope.open_model(str(folder))
    clean, corrupt = (" ".join(WORDS[token] for token in tokens) for tokens in (CLEAN, CORRUPT))
    lens = neuronscope.logit_lens(model, clean, top_k=len(WORDS))
    token = np.vectorize(WORDS.index)(np.char.strip(lens.candidate.values.astype(str)))
    probability = np.empty_like(theirs["probability"])
    np.put_along_axis(probability, token, lens.probability.values, axis=-1)
    patching = neuronscope.activation_patching(
        model, clean, corrupt, target=WORDS[TARGET], distractor=WORDS[DISTRACTOR]
    )
    neurons = neuronscope.neuron_activations(model, clean).activation.values
    return [
        *same_places(folder, peers, versions),
        Row(
            "next-token probabilities at every depth",
            "`logit_lens`",
            lens_name,
            probability,
            theirs["probability"],
        ),
        Row(
            "attention patterns",
            "`attention_patterns`",
            lens_name,
            neuronscope.attention_patterns(model, clean).pattern.values,
            theirs["pattern"],
        ),
        Row("neuron activations", "`neuron_activations`", lens_name, neurons, theirs["activation"]),
        Row(
            "neuron activations",
            "`neuron_activations`",
            f"Captum {versions['captum']}",
            neurons,
            theirs["captum_activation"],
        ),
        Row(
            "logit difference after patching the stream, both ways",
            "`activation_patching`",
            lens_name,
            patching.metric.sel(depth=slice(0, model.n_layers - 1)).values,
            theirs["metric"],
        ),
        *same_answers(folder, peers, versions),
    ]


def same_answers(folder: Path, peers: Path, versions: dict[str, str]) -> list[Row]:
    """Ask our analyses and the peers for the same things of two models; `same_places` made the second."""
    titles = {"transformer-lens": "TransformerLens", "captum": "Captum"}
    question = {"clean": CLEAN, "corrupt": CORRUPT, "target": TARGET, "distractor": DISTRACTOR}
    return [
        Row(found.quantity, found.ours, f"{titles[found.peer]} {versions[found.peer]}", *found[-2:])
        for title, place in (("GPT-2", folder), ("Llama", folder / "Llama"))
        for found in answers(place, title, question, WORDS, peers)
    ]


def same_places(folder: Path, peers: Path, versions: dict[str, str]) -> list[Row]:
    """Read every site of several models under its name in each peer."""
    places = {"GPT-2": folder}
    for title, (opener, config) in families(len(WORDS)).items():
        places[title] = folder / title
        make(places[title], folder, opener, config)
    peer_names = {"transformer-lens": "TransformerLens", "nnsight": "nnsight"}
    verbs = {"transformer-lens": "`to_transformerlens`", "nnsight": "`to_nnsight`"}
    rows = []
    for title, place in places.items():
        found = by_name(place, inputs_of(title, CLEAN), peers, paths=title in ("GPT-2", "Llama"))
        rows += [
            Row(f"{n} sites of {title} by name", verbs[peer], f"{peer_names[peer]} {versions[peer]}", *both)
            for peer, (n, *both) in found.items()
        ]
    return rows


def main(words: list[str] | None = None) -> int:
    """Compare, write the page, and return 0 where all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="Python of the peers' environment")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = make_model(folder)
        rows = compare(folder, given.peers)
        versions = json.loads((folder / "peers.json").read_text(encoding="utf-8"))
    head = INTRODUCTION.format(
        layers=config.n_layer,
        heads=config.n_head,
        width=config.n_embd,
        vocab=config.vocab_size,
        positions=len(CLEAN),
        tolerance=TOLERANCE,
    )
    ours = {"transformers": version("transformers"), "torch": version("torch")}
    foot = (
        f"NeuronScope {neuronscope.__version__} with {_listed(ours)}; the peers with {_listed(versions)}.\n"
    )
    page = head + "".join(f"{row}\n" for row in rows) + "\n" + foot
    sys.stdout.write(page)
    PAGE.write_text(page, encoding="utf-8")
    return 0 if all(row.passed for row in rows) else 1


def _listed(versions: dict[str, str]) -> str:
    return " and ".join(f"{name} {versions[name].partition('+')[0]}" for name in ("transformers", "torch"))


if __name__ == "__main__":
    sys.exit(main())
