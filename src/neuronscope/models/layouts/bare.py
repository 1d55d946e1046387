"""How does a network that knows nothing of transformers, such as a CNN or an RNN, open like any other?"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from neuronscope.words import BadInput

_SHARED = ("_modules", "_parameters", "_buffers", "_non_persistent_buffers_set")


class BareConfig(PreTrainedConfig):
    """What a network without configuration states: the name of its class, and the tokens that it knows."""

    model_type = "module"

    def __init__(self, *, module_class: str = "", vocab_size: int = 0, **further: Any) -> None:
        self.module_class, self.vocab_size = module_class, vocab_size
        super().__init__(**further)


@dataclass
class BareOutput(ModelOutput):
    """What a bare network gave: its first tensor as ``logits``, and what came with it."""

    logits: Tensor | None = None
    further: Any = None


class BareNetwork(PreTrainedModel):
    """The modules of any network, under their own names, with the manners of a model of transformers.

    It holds the very modules, parameters and buffers of the network and runs the network itself, so nothing
    is copied and `module.<dotted.name>` is the network's own name. It takes what the network's own forward
    takes, by name; ``main_input_name`` is the first of those.
    """

    config_class = BareConfig
    base_model_prefix = ""

    def __init__(self, network: nn.Module) -> None:
        embeddings = [module for module in network.modules() if isinstance(module, nn.Embedding)]
        n_tokens = embeddings[0].num_embeddings if embeddings else 0
        super().__init__(BareConfig(module_class=type(network).__name__, vocab_size=n_tokens))
        for kind in _SHARED:
            self.__dict__[kind] = network.__dict__[kind]
        self.__dict__["bare"] = network
        self.__dict__["main_input_name"] = next(iter(inspect.signature(network.forward).parameters), "inputs")
        self.__dict__["forward"] = _run_by_name(network, self.main_input_name)

    def train(self, mode: bool = True) -> "BareNetwork":
        """Put the network and each of its modules into training or evaluation mode."""
        cast(nn.Module, self.__dict__["bare"]).train(mode)
        self.training = mode
        return self


def _run_by_name(network: nn.Module, main: str) -> Callable[..., Any]:
    own = inspect.signature(network.forward).parameters

    @wraps(network.forward)
    def forward(*, use_cache: bool | None = None, **named: Any) -> BareOutput:
        if "use_cache" in own:
            named["use_cache"] = use_cache
        first = [named.pop(main)] if main in named else []
        output = network(*first, **named)
        if isinstance(output, Tensor):
            return BareOutput(logits=output)
        tensors = [part for part in output if isinstance(part, Tensor)] if isinstance(output, tuple) else []
        return BareOutput(logits=tensors[0] if tensors else None, further=output)

    return forward


def bare_network(network: Any) -> PreTrainedModel:
    """Return a network as one of transformers; one that is of transformers already comes back as it is.

    Raises `BadInput` for what is no module, and for a module without parameters.
    """
    if isinstance(network, PreTrainedModel):
        return network
    if not isinstance(network, nn.Module):
        raise BadInput(f"{type(network).__name__} is no network: give a torch.nn.Module.")
    if next(network.parameters(), None) is None:
        raise BadInput(f"{type(network).__name__} has no parameters, so there is nothing to look into.")
    return BareNetwork(network)
