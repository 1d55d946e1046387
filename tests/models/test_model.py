import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import BloomConfig, BloomForCausalLM

from neuronscope.models import Model, Site, open_model
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, HEADS, LAYERS, VOCAB, WIDTH, eager, opened, plain_logits, some_tokens


@pytest.fixture
def stories(test_data: Callable[[str], Path]) -> Model:
    return open_model(str(test_data("stories260k/hf")))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_sizes_of_every_family_are_read_the_same_way(family: str) -> None:
    model = opened(family)
    assert (model.n_layers, model.n_heads, model.width, model.head_width) == (LAYERS, HEADS, WIDTH, 12)
    assert (model.vocab_size, model.n_positions) == (VOCAB, 32)
    assert model.family == family.partition(" ")[0]
    assert model.n_key_heads == (HEADS if family.startswith("gpt") else 2)
    assert model.n_neurons == (4 * WIDTH if family.startswith("gpt2") else 80)
    assert model.n_parameters == sum(weight.numel() for weight in set(eager(family).parameters()))


@pytest.mark.parametrize("family", FAMILIES)
def test_unembedding_the_last_stream_gives_the_logits(family: str) -> None:
    model, tokens = opened(family), some_tokens()
    with torch.no_grad():
        streams = model.hf(tokens, use_cache=False, output_hidden_states=True)
    final = model.anatomy.head(streams.hidden_states[-1])  # pyright: ignore[reportOptionalCall]
    assert torch.equal(final, streams.logits)
    assert torch.equal(plain_logits(eager(family), tokens), streams.logits)


def test_the_unembedding_takes_any_axes_and_one_vector_alike() -> None:
    model = opened("llama")
    streams = torch.randn(2, 3, WIDTH)
    together = model.unembed(streams)
    assert together.shape == (2, 3, VOCAB)
    torch.testing.assert_close(model.unembed(streams[1, 2]), together[1, 2])


def test_the_fingerprint_follows_the_weights_and_nothing_else() -> None:
    one, again = opened("llama"), Model(eager("llama"), name="another name")
    assert one.fingerprint == again.fingerprint
    assert len(one.fingerprint) == 16
    other = eager("llama")
    with torch.no_grad():
        other.get_input_embeddings().weight[3, 5] += 1e-6  # pyright: ignore[reportIndexIssue, reportOptionalMemberAccess]
    assert Model(other).fingerprint != one.fingerprint
    assert opened("llama", dtype=torch.float64).fingerprint != one.fingerprint


def test_the_fingerprint_follows_the_configuration() -> None:
    network = eager("llama")
    before = Model(copy.deepcopy(network)).fingerprint
    network.config.rms_norm_eps = 0.5
    assert Model(network).fingerprint != before


def test_the_fingerprint_of_the_words_follows_tokenizer_and_card(test_data: Callable[[str], Path]) -> None:
    bare, carded = opened("llama"), Model(eager("llama"), card={"loss": 1.5})
    stories = open_model(str(test_data("stories260k/hf")))
    spoken = Model(eager("llama"), tokenizer=stories.tokenizer)
    assert bare.words_fingerprint == Model(eager("llama"), name="another name").words_fingerprint
    assert len({model.words_fingerprint for model in (bare, carded, spoken)}) == 3


def test_a_model_without_a_stated_limit_reads_any_length() -> None:
    network = BloomForCausalLM(BloomConfig(hidden_size=48, n_layer=1, n_head=4, vocab_size=VOCAB))
    assert len(Model(network).tokenize([5] * 5000)) == 5000


def test_a_model_shows_itself_in_one_line() -> None:
    assert repr(opened("llama")) == "Model('llama', llama, 3 layers, width 48)"


def test_text_becomes_tokens_by_the_tokenizers_own_policy(stories: Model) -> None:
    tokens = stories.tokenize("Once upon a time")
    assert tokens.tolist()[0] == 1  # this tokenizer begins every text with its mark
    assert stories.token_texts(tokens) == ["<s>", " Once", " upon", " a", " time"]


def test_the_texts_of_tokens_join_to_the_prompt(test_data: Callable[[str], Path]) -> None:
    model = open_model(str(test_data("slm4096/hf")))
    prompt = test_data("slm4096/corpus.txt").read_text(encoding="utf-8")[:60]
    assert "".join(model.token_texts(model.tokenize(prompt))) == prompt


def test_ids_are_taken_as_they_are(stories: Model) -> None:
    assert stories.tokenize([5, 7]).tolist() == [5, 7]
    assert stories.tokenize(torch.tensor([5, 7])).tolist() == [5, 7]


def test_a_token_without_a_tokenizer_reads_as_its_id() -> None:
    assert opened("gpt2").token_texts([5, 90]) == ["5", "90"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "The prompt is empty"),
        ([], "The prompt is empty"),
        ([3] * 33, "The prompt has 33 tokens, but this model reads 32 at most."),
        ([3, VOCAB], f"Token {VOCAB} is out of range: this model's tokens run from 0 to {VOCAB - 1}."),
        ([-1], "Token -1 is out of range"),
        ("some text", "gpt2 has no tokenizer: give token ids from 0 to 96, not text."),
        (["a", "b"], "A prompt is text or a list of token ids, not ['a', 'b']."),
        (None, "A prompt is text or a list of token ids, not None."),
    ],
)
def test_a_bad_prompt_is_refused_in_one_sentence(prompt: str | list[int], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        opened("gpt2").tokenize(prompt)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("family", "address", "said"),
    [
        ("gpt2", "mlp_up.0", "gpt2 has no mlp_up: this MLP has no gate"),
        ("gpt2", "mlp_up.0", "the nearest site is mlp_pre."),
        ("gpt_neox parallel", "resid_mid.1", "the nearest site is resid_pre."),
        ("llama", "z.3", "z.3 is out of range: layers run from 0 to 2; the nearest is z.2."),
        ("llama", "k.1.2", "k.1.2 is out of range: its key heads run from 0 to 1."),
        ("llama", "mlp_act.1.80", "mlp_act.1.80 is out of range: its neurons run from 0 to 79."),
        ("llama", "vision/z.1", "vision/z.1 names a stack, but this model has only one: write z.1."),
        ("llama", "module.model.layers.1.mlq:out", "did you mean 'model.layers.1.mlp'?"),
    ],
)
def test_a_site_that_a_model_lacks_is_refused_naming_the_nearest(
    family: str, address: str, said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        opened(family).check(Site.parse(address))
    assert said in str(refusal.value)


def test_the_sites_of_a_model_are_those_that_its_certificate_grants() -> None:
    assert "resid_mid" in opened("gpt_neox sequential").sites()
    assert "resid_mid" not in opened("gpt_neox parallel").sites()
    assert "mlp_up" in opened("qwen3").sites()


def test_opening_freezes_the_weights_and_ends_training() -> None:
    network = eager("gpt2").train()
    model = Model(network)
    assert model.hf is network
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())
