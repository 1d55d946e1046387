"""What a pass holds does not grow with the corpus."""

from neuronscope.instruments.neurons.gathering import ngram_index
from neuronscope.instruments.neurons.state import Settings
from tests.instruments.neurons.corpus import documents, record
from tests.models.tiny import opened


def test_ten_times_the_corpus_is_held_in_the_same_room() -> None:
    model = opened("gpt2")
    small, large = record(model, documents(10)), record(model, documents(100))
    parts = [name for name in small.data_vars if "ngram" not in str(name)]
    assert all(small[name].nbytes == large[name].nbytes for name in parts)
    assert large.attrs["n_tokens"] > 8 * small.attrs["n_tokens"]


def test_the_table_of_ngrams_keeps_within_its_memory() -> None:
    model = opened("gpt2")
    index = ngram_index(model, documents(100), Settings(table_megabytes=0.5, context=9))
    assert len(index) * model.n_layers * model.n_neurons * 16 <= 0.5 * 2**20
    assert len(index) > 20
