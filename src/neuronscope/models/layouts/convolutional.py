"""What runs `builtin:digits-cnn`? A small convolutional network whose sizes are choices."""

from itertools import pairwise
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageClassification,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import ImageClassifierOutput

from neuronscope.words import BadInput

Images = Float[Tensor, "batch channel row column"]


class ConvolutionalConfig(PreTrainedConfig):
    """The sizes of one convolutional network: images, feature maps of each stage, and the hidden layer.

    Each stage halves rows and columns, so ``image_size`` is a multiple of 2 to the number of stages.
    """

    model_type = "convolutional"

    def __init__(
        self,
        *,
        image_size: int = 8,
        num_channels: int = 1,
        stage_channels: tuple[int, ...] = (16, 32),
        kernel_size: int = 3,
        hidden_size: int = 64,
        **further: Any,
    ) -> None:
        self.image_size, self.num_channels = image_size, num_channels
        self.stage_channels, self.kernel_size = list(stage_channels), kernel_size
        self.hidden_size = hidden_size
        super().__init__(**further)


class Stage(nn.Module):
    """A convolution that keeps the size, a rectification, and the maximum of each square of four."""

    def __init__(self, read: int, write: int, kernel: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(read, write, kernel, padding=kernel // 2)
        self.activation = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, images: Images) -> Images:
        """Return the pooled feature maps, half as many rows and columns."""
        return self.pool(self.activation(self.convolution(images)))


class ConvolutionalNetwork(PreTrainedModel):
    """Stages of convolution and pooling, one hidden layer, one score for each class.

    Its addresses are `module.stages.N.convolution:out`, `.activation:out` and `.pool:out` [batch channel row
    column], `module.hidden:out` and `module.rectified:out` [batch unit], and `module.classifier:out` [batch
    class]. Raises `BadInput` for sizes that the stages cannot halve.
    """

    config: ConvolutionalConfig  # pyright: ignore[reportIncompatibleVariableOverride]
    config_class = ConvolutionalConfig
    base_model_prefix = ""
    main_input_name = "pixel_values"

    def __init__(self, config: ConvolutionalConfig) -> None:
        super().__init__(config)
        halved = 2 ** len(config.stage_channels)
        if config.image_size % halved:
            raise BadInput(
                f"image_size cannot be {config.image_size}: {len(config.stage_channels)} stages halve it, "
                f"so give a multiple of {halved}."
            )
        sizes = [config.num_channels, *config.stage_channels]
        self.stages = nn.ModuleList(Stage(read, write, config.kernel_size) for read, write in pairwise(sizes))
        self.hidden = nn.Linear(sizes[-1] * (config.image_size // halved) ** 2, config.hidden_size)
        self.rectified = nn.ReLU()
        self.classifier = nn.Linear(config.hidden_size, len(config.id2label or {}))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(
        self, pixel_values: Images | None = None, labels: Int[Tensor, " batch"] | None = None, **_: Any
    ) -> ImageClassifierOutput:
        """Return the scores [batch class] of images with values from 0 to 1, and the loss where labelled.

        Raises `BadInput` for what is no batch of images of this network's size.
        """
        config = self.config
        wanted = (config.num_channels, config.image_size, config.image_size)
        if pixel_values is None or pixel_values.dim() != 4 or tuple(pixel_values.shape[1:]) != wanted:
            given = "nothing" if pixel_values is None else list(pixel_values.shape)
            raise BadInput(f"This network sees images [batch, {', '.join(map(str, wanted))}], not {given}.")
        seen = pixel_values
        for stage in self.stages:
            seen = stage(seen)
        scores = self.classifier(self.rectified(self.hidden(seen.flatten(1))))
        loss = None if labels is None else nn.functional.cross_entropy(scores, labels)
        return ImageClassifierOutput(loss=loss, logits=scores)


AutoConfig.register("convolutional", ConvolutionalConfig)
AutoModel.register(ConvolutionalConfig, ConvolutionalNetwork)
AutoModelForImageClassification.register(ConvolutionalConfig, ConvolutionalNetwork)
