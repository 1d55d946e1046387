"""A colour scale tells the truth about its ends."""

import numpy as np
import pytest
import xarray as xr

from neuronscope.views.scale import is_signed, scale_of
from neuronscope.views.theme import THEMES


def of(values: list[float] | np.ndarray, **attrs: object) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=float), name="effect", attrs=attrs)


def test_signed_values_have_zero_in_the_middle() -> None:
    scale = scale_of(of([-1.0, 3.0]))
    assert (scale.low, scale.high, scale.signed) == (-3.0, 3.0, True)
    assert scale.share(0.0) == 0.5
    marks = scale.marks(THEMES["light"], title="effect")
    assert marks["colorbar"]["tickvals"] == [-3.0, 0.0, 3.0]
    assert marks["colorscale"][5] == [0.5, THEMES["light"].signed[5]]


def test_a_sign_that_is_rounding_is_no_sign() -> None:
    scale = scale_of(of([-1e-7, 0.5, 1.0]))
    assert (scale.low, scale.high, scale.signed, scale.beyond) == (0.0, 1.0, False, 0)


def test_values_that_are_all_negative_run_along_one_ramp() -> None:
    scale = scale_of(of([-9.0, -1.0]))
    assert (scale.low, scale.high, scale.signed) == (-9.0, -1.0, False)


def test_magnitudes_start_at_zero_unless_they_are_far_from_it() -> None:
    assert scale_of(of([0.2, 4.0])).low == 0.0
    assert scale_of(of([9.0, 10.0])).low == 9.0


@pytest.mark.parametrize(
    ("said", "signed"), [(True, True), (1, True), ("yes", True), (False, False), (0, False)]
)
def test_the_analysis_may_say_whether_values_are_signed(said: object, signed: bool) -> None:
    assert is_signed(of([-1.0, 1.0], signed=said)) is signed
    assert scale_of(of([1.0, 2.0], signed=said)).low == (-2.0 if signed else 0.0)


def test_a_few_far_values_are_clipped_and_counted() -> None:
    values = np.concatenate([np.linspace(0, 1, 999), [500.0]])
    scale = scale_of(of(values))
    assert scale.high == pytest.approx(1.0, abs=0.01)
    assert scale.beyond == (values > scale.high).sum()
    assert f"{scale.beyond} values lie beyond the ends of the scale, the furthest at 500" == scale.note()
    ends = scale.marks(THEMES["dark"], title="effect")["colorbar"]["ticktext"]
    assert ends[0] == "0"
    assert ends[-1].startswith("≥ ")


def test_nothing_is_clipped_where_nothing_is_far() -> None:
    assert scale_of(of(np.linspace(0, 1, 1000))).note() == ""
    assert scale_of(of([0.0, 1.0, 500.0])).note() == ""


@pytest.mark.parametrize("values", [[2.0, 2.0], [0.0], [-1.0], [np.nan], [], [np.inf, 1.0]])
def test_every_scale_has_two_ends(values: list[float]) -> None:
    scale = scale_of(of(values))
    assert np.isfinite([scale.low, scale.high]).all()
    assert scale.low < scale.high


def test_a_missing_value_has_the_colour_of_missing_data() -> None:
    theme = THEMES["light"]
    scale = scale_of(of([0.0, 1.0]))
    assert scale.colour(float("nan"), theme) == theme.missing
    assert scale.colour(1.0, theme) == theme.magnitude[-1]


def test_a_long_title_drops_its_units() -> None:
    bar = scale_of(of([1.0])).marks(THEMES["light"], title="difference of the logits (natural units)")[
        "colorbar"
    ]
    assert bar["title"]["text"] == "difference of the logits"
