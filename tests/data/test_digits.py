"""The digits come in two parts that share no image, and their ink is judged alike in both."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from neuronscope.data.digits import NAMES, digits
from neuronscope.words import BadInput


def test_the_parts_are_all_digits_and_share_none() -> None:
    train, held_out, every = digits("train"), digits("held-out"), digits()
    assert len(train) + len(held_out) == len(every) == 1797
    seen = {image.tobytes() for image in train.images}
    assert not seen & {image.tobytes() for image in held_out.images}
    assert np.bincount(held_out.labels).min() >= 25  # every digit is among them


def test_images_are_those_of_scikit_learn_from_nought_to_one() -> None:
    every = digits()
    assert every.images.shape == (1797, 1, 8, 8)
    assert every.images.dtype == np.float32
    assert np.array_equal(every.images[:, 0] * 16, load_digits()["images"])
    assert len(NAMES) == len(set(every.labels)) == 10


def test_ink_is_bold_faint_or_neither_in_thirds_of_the_training_digits() -> None:
    train = digits("train")
    ink, judged = train.images.mean((1, 2, 3)), train.inks
    assert (
        ink[judged == 1].min() > ink[judged == -1].max() >= ink[judged == -1].min() > ink[judged == 0].max()
    )
    shares = np.bincount(judged + 1) / len(train)
    assert np.abs(shares - 1 / 3).max() < 0.03


def test_another_part_is_refused() -> None:
    with pytest.raises(
        BadInput, match=r"^There is no part 'test' of the digits: choose train, held-out or all"
    ):
        digits("test")  # pyright: ignore[reportArgumentType]
