"""What ablations put in place, held to the plain averages that they claim to be."""

import pytest
import torch

from neuronscope.instruments import run, sweep
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.instruments.metrics import logit_difference
from neuronscope.models import Model, open_model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

SITES = ["z.1", "z.1.2", "mlp_act.0.5", "mlp_out.1", "resid_post.2@-1", "v.0.1"]
CLEAN = "When Mary and John went to the shop, John gave a drink to"


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe", dtype="float64")


@pytest.fixture(scope="module")
def prompts(scribe: Model) -> list[torch.Tensor]:
    return reference_prompts(scribe, "common_prompts")


def test_a_mean_is_that_of_all_tokens_but_the_first(scribe: Model, prompts: list[torch.Tensor]) -> None:
    ops = ablations(scribe, SITES, prompts)
    assert [str(site) for site in ops] == SITES
    z = torch.cat([run(scribe, one, get="z.1")["z.1"][0, 1:] for one in prompts]).mean(0)
    after = run(scribe, CLEAN, get="z.1", do=ops[Site.parse("z.1")])["z.1"]
    torch.testing.assert_close(after, z.expand_as(after))
    after = run(scribe, CLEAN, get="z.1", do=ops[Site.parse("z.1.2")])["z.1"]
    before = run(scribe, CLEAN, get="z.1")["z.1"]
    torch.testing.assert_close(after[0, :, 2], z[2].expand_as(after[0, :, 2]))
    torch.testing.assert_close(after[0, :, :2], before[0, :, :2])


def test_how_many_prompts_run_together_changes_no_mean(
    scribe: Model, prompts: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = ablations(scribe, SITES, prompts)
    monkeypatch.setattr("neuronscope.instruments.comparing.reference._TOKENS_PER_PASS", 16)
    for site, op in ablations(scribe, SITES, prompts[::-1]).items():
        torch.testing.assert_close(op.value, together[site].value)


def test_a_drawn_value_is_one_that_the_reference_has(scribe: Model, prompts: list[torch.Tensor]) -> None:
    op = ablations(scribe, ["z.1.2"], prompts, ablation="resample", seed=4)[Site.parse("z.1.2")]
    known = torch.cat([run(scribe, one, get="z.1.2")["z.1.2"][0, 1:] for one in prompts])
    after = run(scribe, [CLEAN] * 8, get="z.1.2", do=op)["z.1.2"]
    distance = (known[:, None, None] - after).norm(dim=-1).min(0).values
    assert float(distance.max()) < 1e-9
    assert len(torch.unique(after[:, 0].round(decimals=6), dim=0)) > 1
    torch.testing.assert_close(after[:, :1].expand_as(after), after)


def test_zero_is_zero_and_ops_go_into_a_sweep(scribe: Model, prompts: list[torch.Tensor]) -> None:
    asked = [CLEAN, "Paris is the capital of France."]
    for how in ("mean", "resample", "zero"):
        ops = ablations(scribe, ["z.1.2", "mlp_act.0.5"], prompts, ablation=how)
        swept = sweep(scribe, asked, list(ops.values()), logit_difference(5, 6))
        for row, op in enumerate(ops.values()):
            plain = run(scribe, asked, do=op).logits
            ends = torch.stack([plain[i][~plain[i].isnan().any(-1)][-1] for i in range(2)])
            torch.testing.assert_close(swept.values[row], ends[:, 5] - ends[:, 6])


def test_the_prompts_asked_about_may_be_the_reference(scribe: Model) -> None:
    pairs = prompt_pairs(scribe, prompt=CLEAN, corrupt=CLEAN.replace("John gave", "Mary gave"))
    assert len(reference_prompts(scribe, "prompts", pairs)) == 2
    assert {len(p) for p in reference_prompts(scribe, "documentation", n_prompts=3)} == {64}


def test_what_cannot_stand_in_is_refused_in_words(scribe: Model, prompts: list[torch.Tensor]) -> None:
    with pytest.raises(BadInput, match="no ablation called 'men'; did you mean 'mean'"):
        ablations(scribe, ["z.1"], prompts, ablation="men")
    with pytest.raises(BadInput, match=r"pattern.1 has no value at each token"):
        ablations(scribe, ["pattern.1"], prompts)
    with pytest.raises(BadInput, match="the reference is empty"):
        ablations(scribe, ["z.1"], [])
    with pytest.raises(BadInput, match="no reference called"):
        reference_prompts(scribe, "everything")
    with pytest.raises(BadInput, match="no prompts to average over"):
        reference_prompts(scribe, "prompts")
