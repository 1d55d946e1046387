"""Which tokens are drawn depends on what they are, not on where in the corpus they stand."""

import numpy as np
from scipy.stats import chisquare, kstest

from neuronscope.data.corpora import Corpus
from neuronscope.instruments.neurons.block import Plan
from neuronscope.instruments.neurons.examples import Sample
from neuronscope.instruments.neurons.ngrams import indexed
from neuronscope.instruments.neurons.stretches import Excerpts, Stretch, document_key, token_keys
from tests.analyses.conftest import byte_tokenizer
from tests.models.tiny import opened


def stretch(document: int, length: int = 40, start: int = 0) -> Stretch:
    tokens = tuple(range(length))
    return Stretch(tokens, 1, length, document, start, (0, length))


def drawn(n_samples: int, stretches: list[Stretch], per_pass: int) -> Sample:
    sample = Sample(1, 1, n_samples, np.arange(-1, 2))
    for first in range(0, len(stretches), per_pass):
        group = tuple(stretches[first : first + per_pass])
        sample.begin(Plan(group, (0,) * len(group), max(len(one.tokens) for one in group), seed=0))
    return sample


def test_keys_are_spread_evenly() -> None:
    keys = np.concatenate([token_keys(document_key(bytes([d])), range(500), seed=0) for d in range(20)])
    assert (keys >= 0).all()
    assert len(np.unique(keys)) == len(keys)
    assert kstest(keys / 2.0**63, "uniform").pvalue > 0.01


def test_keys_depend_on_document_place_and_seed_alone() -> None:
    together = token_keys(7, range(10), seed=3)
    assert together[4] == token_keys(7, 4, seed=3)[0]
    assert not np.isin(token_keys(8, range(10), seed=3), together).any()
    assert not np.isin(token_keys(7, range(10), seed=4), together).any()


def test_the_sample_is_that_of_the_smallest_keys_whatever_ran_together() -> None:
    stretches = [stretch(document) for document in range(30)]
    every = np.sort(np.concatenate([token_keys(d, range(1, 40), seed=0) for d in range(30)]))[:25]
    for per_pass in (1, 7, 30):
        sample = drawn(25, stretches, per_pass)
        np.testing.assert_array_equal(np.sort(sample.keys.numpy()), every)
        assert (sample.places >= 1).all()
        assert (sample.tokens[:, 1] == sample.places).all()  # a token's id is its place in these stretches


def test_samples_are_uniform_within_the_tenths_of_a_distribution() -> None:
    """A planted activation that depends on the place: each tenth gives its share, uniformly within."""
    n_documents, length = 60, 101
    planted = np.random.default_rng(5).permutation(n_documents * (length - 1)).reshape(n_documents, -1)
    sample = drawn(1500, [stretch(document, length) for document in range(n_documents)], 8)
    values = planted[sample.documents.numpy(), sample.places.numpy() - 1]
    tenths = values * 10 // planted.size
    assert chisquare(np.bincount(tenths, minlength=10)).pvalue > 0.01
    within = (values * 10 / planted.size) % 1
    assert chisquare(np.histogram(within, bins=15, range=(0, 1))[0]).pvalue > 0.01


def test_frequent_ngrams_are_indexed_and_found_where_they_end() -> None:
    one = Stretch((5, 6, 7, 5, 6, 7, 8), 1, 7, 1, 0, (0, 7))
    index = indexed([one], 10, n_rows=24, min_count=2)
    assert index.complete
    assert index.lengths.tolist() == [1] * 10 + [2, 2, 3]
    rows = index.rows_at(np.array([5, 6, 7, 7]))
    assert rows[0].tolist() == [5, 6, 7, 7]
    assert index.tokens[rows[1, 1]].tolist() == [5, 6, -1]
    assert index.tokens[rows[2, 2]].tolist() == [5, 6, 7]
    assert rows[1, 3] == rows[2, 3] == -1
    assert index.row_of([6, 7]) == rows[1, 2]
    assert index.row_of([7, 8]) is None
    assert index.row_of([5, 6, 7, 5]) is None


def test_without_room_for_the_vocabulary_the_most_frequent_tokens_are_indexed() -> None:
    tokens = tuple([1] * 9 + [2] * 5 + [3] * 3 + [4])
    index = indexed([Stretch(tokens, 1, len(tokens), 1, 0, (0, len(tokens)))], 100, n_rows=6)
    assert not index.complete
    assert index.tokens[index.lengths == 1, 0].tolist() == [1, 2, 3]
    assert len(index) == 6


def test_excerpts_are_about_as_long_as_asked_and_do_not_hang_on_the_order_of_documents() -> None:
    texts = [f"{'ab ' * (5 + 40 * n)}{n}" for n in range(40)]
    model = opened("gpt2")
    model.tokenizer = byte_tokenizer()
    first = list(Excerpts(model, Corpus("c", lambda: texts), 4000, seed=0))
    again = list(Excerpts(model, Corpus("c", lambda: texts[::-1]), 4000, seed=0))
    other = list(Excerpts(model, Corpus("c", lambda: texts), 4000, seed=1))
    assert sorted(first) == sorted(again)
    assert sorted(first) != sorted(other)
    assert 2000 < sum(map(len, first)) < 6000
    assert len(first) > 5
