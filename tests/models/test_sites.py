import pytest

from neuronscope.models import SITES, Site
from neuronscope.words import AXES, BadInput


@pytest.mark.parametrize(
    "address",
    [
        "embed",
        "resid_post.6",
        "z.9.6@-1",
        "mlp_act.10.2078",
        "resid_post.*@1:4",
        "resid_post.*@:4",
        "vision/resid_post.3",
        "logits@-1",
        "module.transformer.h.0.mlp:out",
    ],
)
def test_an_address_prints_as_it_was_written(address: str) -> None:
    assert str(Site.parse(address)) == address
    assert Site.parse(Site.parse(address)) == Site.parse(address)


def test_the_parts_of_an_address_are_told_apart() -> None:
    site = Site.parse("decoder/z.2.1@-3")
    assert (site.stack, site.name, site.layer, site.unit, site.position) == ("decoder", "z", 2, 1, -3)
    assert Site.parse("z.2@2:5").position == slice(2, 5)
    assert Site.parse("pattern.5.*") == Site.parse("pattern.5")
    assert Site.parse("z.2.1@0").whole == Site.parse("z.2")


def test_a_module_address_gives_its_path_and_side() -> None:
    assert Site.parse("module.model.layers.1.mlp:in").module == ("model.layers.1.mlp", "in")
    assert Site.parse("z.1").module is None


def test_every_axis_of_every_site_is_a_word_of_the_house() -> None:
    for name, kind in SITES.items():
        assert set(kind.words) <= set(AXES), name
        assert kind.words[0] == "batch", name
        assert kind.unit is None or kind.unit in kind.words, name


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("reside_post.1", "There is no site 'reside_post'; did you mean 'resid_post'?"),
        ("zebra", "There is no site 'zebra'; the names are embed, resid_pre"),
        ("z", "z needs a layer: write z.0, or z.* for every layer."),
        ("embed.3", "embed is there once, not in every layer: write embed."),
        ("mlp_out.1.3", "mlp_out has no heads or neurons to pick from: write mlp_out.1."),
        ("z..1", "'z..1' is no site: write name[.layer[.unit]][@position], such as z.9.6@-1."),
        ("z.-1", "'z.-1' is no site"),
        (
            "z.1@1:2:3",
            "'z.1@1:2:3' has no readable position: write @3, @-1, @2:5 or a span such as @subject.",
        ),
        ("module.model.norm", "'module.model.norm' is no module site"),
    ],
)
def test_a_bad_address_is_refused_in_one_sentence(address: str, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Site.parse(address)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
