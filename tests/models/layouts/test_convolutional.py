"""The convolutional network is the sum of its parts, each read and written under its own name."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import conv2d, max_pool2d

from neuronscope.instruments import run, zero
from neuronscope.models import open_model, open_module
from neuronscope.models.layouts.convolutional import ConvolutionalConfig, ConvolutionalNetwork
from neuronscope.words import BadInput

IMAGES = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def network() -> ConvolutionalNetwork:
    torch.manual_seed(0)
    return ConvolutionalNetwork(
        ConvolutionalConfig(stage_channels=(4, 6), hidden_size=7, num_labels=5)
    ).eval()


def test_its_scores_are_those_of_the_stages_written_out() -> None:
    plain = network()
    seen = IMAGES
    for stage in plain.stages:
        convolution = stage.convolution
        seen = max_pool2d(conv2d(seen, convolution.weight, convolution.bias, padding=1).relu(), 2)
    hidden = (seen.flatten(1) @ plain.hidden.weight.T + plain.hidden.bias).relu()
    wanted = hidden @ plain.classifier.weight.T + plain.classifier.bias
    torch.testing.assert_close(plain(IMAGES).logits, wanted)
    labels = torch.tensor([0, 4, 2])
    loss = -wanted.log_softmax(-1)[torch.arange(3), labels].mean()
    torch.testing.assert_close(plain(IMAGES, labels=labels).loss, loss)


def test_its_feature_maps_are_read_and_silenced_by_name() -> None:
    plain = network()
    model = open_module(plain)
    done = run(model, IMAGES, get=["module.stages.1.pool:out", "module.classifier:in"])
    assert done["module.stages.1.pool:out"].shape == (3, 6, 2, 2)
    assert done["module.classifier:in"].shape == (3, 7)
    silent = run(model, IMAGES, do=zero("module.classifier:in")).logits
    assert torch.equal(silent, plain.classifier.bias.detach().expand(3, 5))


def test_a_saved_network_opens_by_its_folder_and_says_the_same(tmp_path: Path) -> None:
    plain = network()
    plain.save_pretrained(tmp_path)
    assert torch.equal(run(open_model(str(tmp_path)), IMAGES).logits, plain(IMAGES).logits)


def test_bad_sizes_and_bad_images_are_refused_in_a_sentence() -> None:
    with pytest.raises(
        BadInput, match=r"^image_size cannot be 6: 2 stages halve it, so give a multiple of 4"
    ):
        ConvolutionalNetwork(ConvolutionalConfig(image_size=6))
    model = open_module(network())
    with pytest.raises(BadInput, match=r"^This network sees images \[batch, 1, 8, 8\], not \[3, 1, 9, 9\]"):
        run(model, torch.rand(3, 1, 9, 9))
    with pytest.raises(BadInput, match=r"single image \[1, 8, 8\]: give a batch of them, \[1, 1, 8, 8\]"):
        run(model, IMAGES[0])
    with pytest.raises(BadInput, match=r"reads no text: give its pixel_values as a tensor"):
        run(model, "a three")
