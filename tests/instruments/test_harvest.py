import errno
import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from neuronscope.instruments import Harvest, harvest, run
from neuronscope.instruments.harvested import shards
from neuronscope.models import Model
from neuronscope.results import Cancelled, Progress, listening
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, VOCAB, WIDTH, opened, shared, some_tokens

LENGTHS = (5, 9, 1, 7, 9, 3, 12, 2, 6, 8, 4, 9, 11)


def ragged() -> list[list[int]]:
    """Documents of many lengths."""
    return [some_tokens(rows=1, length=n, seed=n + 20 * i)[0].tolist() for i, n in enumerate(LENGTHS)]


def probed(family: str) -> Model:
    """A model of its own whose certificate is drawn up, so that nothing but the harvest runs it."""
    model = opened(family)
    assert model.certificate
    return model


def rows_of(documents: list[list[int]]) -> list[tuple[int, int, int]]:
    return [(token, i, place) for i, document in enumerate(documents) for place, token in enumerate(document)]


def stored_rows(found: Harvest) -> list[tuple[int, int, int]]:
    return [
        row
        for shard in found.shards()
        for row in zip(shard.tokens.tolist(), shard.documents.tolist(), shard.positions.tolist(), strict=True)
    ]


def whole(found: Harvest, site: str) -> Tensor:
    return torch.cat(list(found.site(site)))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_harvest_holds_the_bits_that_a_run_reads(family: str, tmp_path: Path) -> None:
    model, tokens = shared(family), some_tokens(rows=6)
    sites = ["resid_post.*", "z.1", "k.0", "mlp_act.2", "attn_norm.1", "embed"]
    found = harvest(model, tokens, sites, tmp_path / "h", tokens_per_pass=18, tokens_per_shard=30)
    seen = [run(model, pair, get=sites) for pair in tokens.split(2)]
    for site in found.sites:
        read = torch.cat([one[site] for one in seen]).flatten(0, 1)
        assert torch.equal(whole(found, site), read)
        assert found.shape(site) == tuple(read.shape)
    assert [len(shard) for shard in found.shards()] == [36, 18]
    assert found.axes("z.1") == ("row", "head", "head_width")
    assert found.axes("attn_norm.1") == ("row",)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_documents_of_any_length_are_stored_token_for_token_and_no_padding(
    family: str, tmp_path: Path
) -> None:
    model, documents = shared(family), ragged()
    options: dict[str, Any] = {"tokens_per_pass": 30, "tokens_per_shard": 20}
    found = harvest(model, iter(documents), ["resid_post.1", "v.2.1"], tmp_path / "h", **options)
    assert stored_rows(found) == rows_of(documents)
    assert len(found) == sum(LENGTHS)
    assert len(list(found.shards())) > 2
    alone = [run(model, document, get=["resid_post.1", "v.2.1"]) for document in documents]
    for site in found.sites:
        assert torch.allclose(whole(found, site), torch.cat([one[site][0] for one in alone]), atol=1e-4)


def test_a_unit_and_positions_are_cut_before_they_are_kept(tmp_path: Path) -> None:
    model, documents = shared("gpt2"), ragged()
    sites = ["z.1.2@1:-1", "mlp_act.0.7@1:-1", "resid_post.2@1:-1"]
    found = harvest(model, documents, sites, tmp_path / "h", tokens_per_pass=30, tokens_per_shard=20)
    assert stored_rows(found) == [row for row in rows_of(documents) if 0 < row[2] < LENGTHS[row[1]] - 1]
    assert [found.shape(site)[1:] for site in sites] == [(WIDTH // 4,), (), (WIDTH,)]
    assert found.axes("z.1.2@1:-1") == ("row", "head_width")
    whole_z = harvest(model, documents, "z.1", tmp_path / "z", tokens_per_pass=30, tokens_per_shard=20)
    kept = torch.tensor([0 < place < LENGTHS[i] - 1 for _, i, place in rows_of(documents)])
    assert torch.equal(whole(found, "z.1.2@1:-1"), whole(whole_z, "z.1")[kept, 2])
    last = harvest(model, documents, "resid_post.1@-1", tmp_path / "last", tokens_per_pass=30)
    assert [(i, place) for _, i, place in stored_rows(last)] == [(i, n - 1) for i, n in enumerate(LENGTHS)]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_numbers_are_kept_in_the_format_asked_for(dtype: str, tmp_path: Path) -> None:
    model, tokens = shared("gpt2", torch.float64), some_tokens(rows=3)
    found = harvest(model, tokens, "resid_post.1", tmp_path / "h", dtype=dtype, tokens_per_pass=27)
    read = run(model, tokens, get="resid_post.1")["resid_post.1"].flatten(0, 1)
    assert found.dtype is getattr(torch, dtype)
    assert torch.equal(whole(found, "resid_post.1"), read.to(found.dtype))


def test_a_number_too_large_for_half_precision_is_told(tmp_path: Path) -> None:
    model = opened("gpt2")
    with torch.no_grad():
        model.hf.get_input_embeddings().weight.mul_(1e6)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
    with pytest.raises(BadInput, match=r"resid_pre\.0 reaches \d+, more than float16 holds: choose bfloat16"):
        harvest(model, some_tokens(), "resid_pre.0", tmp_path / "h", dtype="float16")


def test_shards_are_plain_safetensors(tmp_path: Path) -> None:
    found = harvest(
        shared("gpt2"), ragged(), ["resid_post.1", "attn_norm.0"], tmp_path / "h", dtype="float16"
    )
    (file,) = (tmp_path / "h").glob("*.safetensors")
    tensors = load_file(file)
    assert {name: (tensor.dtype, len(tensor)) for name, tensor in tensors.items()} == {
        "resid_post.1": (torch.float16, 86),
        "attn_norm.0": (torch.float16, 86),
        "token": (torch.int64, 86),
        "document": (torch.int64, 86),
        "position": (torch.int32, 86),
    }
    assert torch.equal(tensors["resid_post.1"], whole(found, "resid_post.1"))


def test_no_block_after_the_last_site_runs(tmp_path: Path) -> None:
    model, ran = probed("gpt2"), []
    for layer, block in enumerate(model.anatomy.blocks):
        block.register_forward_pre_hook(lambda *_, layer=layer: ran.append(layer))
    harvest(model, some_tokens(), ["resid_post.1", "z.0"], tmp_path / "h")
    assert set(ran) == {0, 1}


def test_a_module_is_harvested_by_its_own_name(tmp_path: Path) -> None:
    found = harvest(shared("gpt2"), ragged(), ["module.transformer.h.1.mlp:out", "mlp_out.1"], tmp_path / "h")
    assert torch.equal(whole(found, "module.transformer.h.1.mlp:out"), whole(found, "mlp_out.1"))


def test_batches_give_every_row_once_and_shuffle_by_seed(tmp_path: Path) -> None:
    found = harvest(
        shared("gpt2"),
        ragged(),
        ["resid_post.1", "z.0"],
        tmp_path / "h",
        tokens_per_pass=30,
        tokens_per_shard=20,
    )
    in_order = list(found.batches(10))
    assert [len(batch["token"]) for batch in in_order] == [10] * 8 + [6]
    assert torch.equal(torch.cat([batch["resid_post.1"] for batch in in_order]), whole(found, "resid_post.1"))

    def shuffled(seed: int) -> dict[str, Tensor]:
        batches = list(found.batches(10, seed=seed, sites=["z.0"]))
        return {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}

    one, again, other = shuffled(1), shuffled(1), shuffled(2)
    assert set(one) == {"z.0", "token", "document", "position"}
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["z.0"], other["z.0"])
    keys = [(one["document"] * 100 + one["position"]).tolist() for one in (one, other)]
    assert sorted(keys[0]) == sorted(keys[1]) == sorted(100 * i + place for _, i, place in rows_of(ragged()))
    order = torch.tensor(sorted(range(len(keys[0])), key=keys[0].__getitem__))
    assert torch.equal(one["z.0"][order], whole(found, "z.0"))


def test_progress_counts_documents(tmp_path: Path) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "h", tokens_per_pass=30)
    assert [(step.what, step.done, step.total) for step in heard] == [("documents", n, 13) for n in range(14)]


class Ended(Exception):
    """What a test throws into a harvest."""


def broken(documents: list[list[int]], after: int) -> Iterator[list[int]]:
    """Give the first documents of a corpus and fail at the next."""
    yield from documents[:after]
    raise Ended


OPTIONS: dict[str, Any] = {"tokens_per_pass": 20, "tokens_per_shard": 15}


@pytest.mark.parametrize("after", range(0, 13, 2))
def test_a_harvest_goes_on_where_it_stopped_and_ends_bit_equal(after: int, tmp_path: Path) -> None:
    model, documents = shared("llama"), ragged()
    harvest(model, documents, ["resid_post.1", "z.0"], tmp_path / "whole", **OPTIONS)
    with pytest.raises(Ended):
        harvest(model, broken(documents, after), ["resid_post.1", "z.0"], tmp_path / "cut", **OPTIONS)
    kept = contents(tmp_path / "cut")
    found = harvest(model, documents, ["resid_post.1", "z.0"], tmp_path / "cut", **OPTIONS)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert set(kept) <= set(contents(tmp_path / "whole"))
    assert stored_rows(found) == rows_of(documents)
    found.check()


def hooks(model: Model) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.hf.modules())


def test_cancelling_leaves_no_hook_and_keeps_what_is_whole(tmp_path: Path) -> None:
    model = opened("gpt2")

    def listener(progress: Progress) -> None:
        if progress.done == 9:
            raise Cancelled

    with listening(listener), pytest.raises(Cancelled) as raised:
        harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    assert raised.value
    assert not hooks(model)
    assert len(list((tmp_path / "h").glob("*.safetensors"))) >= 2
    assert len(harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)) == sum(LENGTHS)


def test_nothing_of_a_harvest_stays_in_memory_or_on_the_model(tmp_path: Path) -> None:
    model = probed("gpt2")
    seen: list[weakref.ref[Any]] = []
    model.anatomy.blocks[0].register_forward_hook(lambda _, __, out: seen.append(weakref.ref(out)))
    before = hooks(model)
    harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    gc.collect()
    assert hooks(model) == before
    assert len(seen) > 5
    assert all(ref() is None for ref in seen)


def test_a_finished_harvest_runs_nothing_again(tmp_path: Path) -> None:
    model = opened("gpt2")
    harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    before, ran = contents(tmp_path / "h"), []
    model.anatomy.blocks[0].register_forward_pre_hook(lambda *_: ran.append(1))
    assert len(harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)) == sum(LENGTHS)
    assert not ran
    assert contents(tmp_path / "h") == before


def test_a_shard_that_went_missing_is_told_and_made_anew(tmp_path: Path) -> None:
    model, folder = shared("gpt2"), tmp_path / "h"
    found = harvest(model, ragged(), "resid_post.1", folder, **OPTIONS)
    before = contents(folder)
    (folder / "shard-00002.safetensors").unlink()
    with pytest.raises(BadInput, match=r"shard-00002\.safetensors .* is missing or cut short: harvest again"):
        Harvest(folder)
    with pytest.raises(BadInput, match=r"shard-00002\.safetensors .* is missing or cut short"):
        list(found.site("resid_post.1"))
    harvest(model, ragged(), "resid_post.1", folder, **OPTIONS)
    assert contents(folder) == before
    (folder / "shard-00001.safetensors").write_bytes(before["shard-00001.safetensors"][:-1])
    with pytest.raises(BadInput, match=r"shard-00001\.safetensors .* is missing or cut short"):
        Harvest(folder)


def test_a_damaged_shard_is_found_by_its_digest(tmp_path: Path) -> None:
    found = harvest(shared("gpt2"), ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    found.check()
    file = tmp_path / "h" / "shard-00001.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(
        BadInput, match=r"shard-00001\.safetensors .* is damaged: delete it and harvest again"
    ):
        Harvest(tmp_path / "h").check()


def test_a_full_disk_is_told_and_the_harvest_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, syncs = shared("gpt2"), []
    harvest(model, ragged(), "resid_post.1", tmp_path / "whole", **OPTIONS)
    own = os.fsync

    def fsync(handle: int) -> None:
        syncs.append(handle)
        if len(syncs) == 12:
            raise OSError(errno.ENOSPC, "full")
        own(handle)

    monkeypatch.setattr(shards.os, "fsync", fsync)
    with pytest.raises(
        BadInput, match=r"Cannot write .* No space left on device; what is whole is kept"
    ) as told:
        harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    assert "make room and harvest again" in str(told.value)
    assert not [name for name in contents(tmp_path / "h") if name.endswith(".part")]
    harvest(model, ragged(), "resid_post.1", tmp_path / "h", **OPTIONS)
    assert contents(tmp_path / "h") == contents(tmp_path / "whole")


def test_an_unfinished_harvest_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(Ended):
        harvest(shared("gpt2"), broken(ragged(), 8), "z.0", tmp_path / "h", **OPTIONS)
    with pytest.raises(BadInput, match="is not finished: harvest again with the same settings"):
        Harvest(tmp_path / "h")
    with pytest.raises(BadInput, match=r"There is no harvest in .*: it has no manifest\.json"):
        Harvest(tmp_path)


OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "dtype": ({"dtype": "float16"}, "has dtype float32, not float16: go on with the same, or choose another"),
    "sites": ({"sites": ["z.1"]}, "has sites z.0, not z.1"),
    "shard": ({"tokens_per_shard": 16}, "has tokens_per_shard 15, not 16"),
    "pass": ({"tokens_per_pass": 21}, "has tokens_per_pass 20, not 21"),
    "corpus": ({"corpus": [[5, 6], *ragged()[1:]]}, "is of another corpus, or ends among documents 0 to"),
    "shorter corpus": ({"corpus": ragged()[:9]}, "is of another corpus, or ends among documents"),
    "longer corpus": ({"corpus": [*ragged(), [1, 2, 3]]}, "is of another corpus, or ends among documents"),
}


@pytest.mark.parametrize("change", OTHERWISE)
def test_going_on_otherwise_is_refused(change: str, tmp_path: Path) -> None:
    options, sentence = OTHERWISE[change]
    asked: dict[str, Any] = {"corpus": ragged(), "sites": ["z.0"], "folder": tmp_path / "h", **OPTIONS}
    harvest(shared("gpt2"), **asked)
    before = contents(tmp_path / "h")
    with pytest.raises(BadInput) as told:
        harvest(shared("gpt2"), **(asked | options))
    assert sentence in str(told.value)
    assert contents(tmp_path / "h") == before


def test_going_on_with_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Ended):
        harvest(shared("gpt2"), broken(ragged(), 8), "z.0", tmp_path / "h", **OPTIONS)
    with pytest.raises(BadInput, match=r"has model [0-9a-f]{16}, not [0-9a-f]{16}: go on with the same"):
        harvest(opened("gpt2", seed=1), ragged(), "z.0", tmp_path / "h", **OPTIONS)


MISUSE: dict[str, tuple[dict[str, Any], str]] = {
    "no site": ({"sites": []}, "A harvest needs a site: name one, such as resid_post.6"),
    "no rows": ({"sites": "pattern.1"}, "pattern.1 has no row for each token, so it cannot be harvested"),
    "unknown site": ({"sites": "resid_past.1"}, "did you mean 'resid_post'"),
    "two spans": ({"sites": ["z.0@1:", "z.1"]}, "z.0@1: and z.1 name different positions"),
    "named span": ({"sites": "z.0@subject"}, "z.0@subject names a span, but a corpus has none"),
    "module": (
        {"sites": "module.transformer.wpe:out", "corpus": some_tokens()},
        "module.transformer.wpe:out is [",
    ),
    "dtype": (
        {"dtype": "float8"},
        "dtype is 'float8', but must be one of float64, float32, float16, bfloat16",
    ),
    "size": ({"tokens_per_pass": 0}, "tokens_per_pass is 0, but must be at least 1"),
    "one prompt": ({"corpus": "a prompt"}, "A corpus is a list of prompts or of token ids"),
    "one row of ids": ({"corpus": [1, 2, 3]}, "put the token ids of a single one into a list"),
    "flat tensor": ({"corpus": torch.arange(4)}, "or a tensor [document position]"),
    "bad token": ({"corpus": [[1, 2], [3, VOCAB]]}, "Document 1: Token 97 is out of range"),
    "empty document": ({"corpus": [[1, 2], []]}, "Document 1: The prompt is empty"),
    "too long": ({"corpus": [[1] * 40]}, "Document 0: The prompt has 40 tokens, but this model reads 32"),
    "short document": ({"sites": "z.0@4"}, "Document 2 has 1 tokens, so z.0@4 is not in it"),
    "empty corpus": ({"corpus": []}, "The corpus gives no row: it is empty"),
    "no such positions": ({"sites": "z.0@20:"}, "or no document reaches the positions asked for"),
}


@pytest.mark.parametrize("mistake", MISUSE)
def test_a_mistake_is_told_in_one_sentence(mistake: str, tmp_path: Path) -> None:
    options, sentence = MISUSE[mistake]
    with pytest.raises(BadInput) as told:
        harvest(shared("gpt2"), **({"corpus": ragged(), "sites": "z.0", "folder": tmp_path / "h"} | options))
    assert sentence in str(told.value)
    assert len(str(told.value)) < 200


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"holds thesis\.txt but no harvest: choose an empty folder"):
        harvest(shared("gpt2"), ragged(), "z.0", tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}
    with pytest.raises(BadInput, match=r"Cannot harvest to .*: (File exists|Not a directory)"):
        harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "thesis.txt")


def test_training_mode_is_refused(tmp_path: Path) -> None:
    model = opened("gpt2")
    model.hf.train()
    with pytest.raises(BadInput, match="training mode, where dropout adds noise"):
        harvest(model, ragged(), "z.0", tmp_path / "h")


def test_the_reader_says_what_it_does_not_hold(tmp_path: Path) -> None:
    found = harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "h")
    assert repr(found) == "Harvest(86 rows of z.0 in 1 shards)"
    with pytest.raises(BadInput, match=r"z\.1 was not harvested; did you mean 'z\.0'"):
        found.site("z.1")
    with pytest.raises(BadInput, match="n_rows is 0, but a batch holds at least 1 row"):
        found.batches(0)
