"""How do prompts, token ids, chats, images and other inputs become what a network runs on?

The policy, in one place:

- **Beginning of text.** The tokenizer's own default holds: its first special token is there exactly when the
  tokenizer adds one. ``bos=True`` puts it in front where it is not, ``bos=False`` leaves it out. Token ids
  are taken as they are.
- **Padding.** Prompts of different length share a batch. A model that writes text is padded on the left, with
  an attention mask and position ids that count each prompt's own tokens; any other model (an encoder) on the
  right, with the mask alone. Before the first such batch a probe runs two short prompts together and alone;
  where the numbers differ the other side is tried, and a model for which both fail is refused. Padding is
  hidden by the mask, so a model without a padding token takes token 0; one that has no mask needs its own.
- **Positions** of an address count the tokens of each prompt, special ones included, padding never.
- **Chats** are laid out by the tokenizer's own template, which places every special token; the assistant's
  turn is opened after a message of another, and continued after one of its own.
- **Native inputs** go in by the network's own names, in the model's number format. A tensor or array alone
  is the main input of a network that reads no tokens, such as images.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from neuronscope.models.batch import Batch, Span
from neuronscope.models.forward import forward
from neuronscope.models.model import Model
from neuronscope.words import BadInput, nearest

Message = Mapping[str, Any]
Inputs = (
    Tensor
    | np.ndarray
    | str
    | Sequence[str]
    | Sequence[int]
    | Sequence[Sequence[int]]
    | Sequence[Tensor]
    | Mapping[str, Any]
    | Batch
)
Spans = Mapping[str, Span | Sequence[Span]]

_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-3}  # some families have single precision inside
_SIDES: "WeakKeyDictionary[nn.Module, str | None]" = WeakKeyDictionary()


def prepare(
    model: Model,
    inputs: Inputs = (),
    *,
    chat: Sequence[Message] | Sequence[Sequence[Message]] | None = None,
    bos: bool | None = None,
    spans: Spans | None = None,
) -> Batch:
    """Return inputs of any accepted form as one batch on the model's device.

    ``inputs`` are a prompt, token ids [position] or [batch position], several prompts of any length, the
    network's own arguments by name, such as ``{"pixel_values": images}``, or a batch made before. ``chat``
    is one conversation, or several, of messages such as ``{"role": "user", "content": "Hello"}``. ``bos``
    overrides the tokenizer about the beginning-of-text token. ``spans`` name parts of the prompts by their
    own positions, one (start, stop) for all or one for each: ``{"subject": [(2, 4), (1, 5)]}`` serves the
    address ``resid_post.3@subject``.

    Raises `BadInput` for what `Model.tokenize` refuses, for inputs that the network does not take, for spans
    outside a prompt, and for prompts of different length where the model cannot be padded.
    """
    if isinstance(inputs, np.ndarray):
        inputs = torch.from_numpy(inputs) if inputs.dtype.kind in "biuf" else inputs.tolist()
    if chat is not None:
        if bos is not None or not isinstance(inputs, tuple | list) or len(inputs):
            raise BadInput("A chat goes in alone: its template places the prompts and the special tokens.")
        inputs = _chat_tokens(model, chat)
    if isinstance(inputs, Batch):
        batch = inputs
    elif isinstance(inputs, Mapping):
        batch = _native(model, inputs)
    elif isinstance(inputs, Tensor) and model.hf.main_input_name != "input_ids":
        batch = _native(model, {model.hf.main_input_name: inputs})
    else:
        _check_reads_tokens(model, inputs)
        batch = _packed(model, _rows(model, inputs, bos))
    _check_towers(model, batch)
    if not spans:
        return batch
    named = {name: _checked_spans(name, given, batch) for name, given in spans.items()}
    return Batch(batch.inputs, batch.lengths, batch.starts, {**batch.spans, **named})


def _check_reads_tokens(model: Model, inputs: Any) -> None:
    main = model.hf.main_input_name
    if main == "input_ids" or "input_ids" in _arguments(model):
        return
    given = "text" if isinstance(inputs, str) or any(isinstance(part, str) for part in inputs) else "tokens"
    raise BadInput(
        f"{model.name} reads no {given}: give its {main} as a tensor, or by name as {{{main!r}: ...}}."
    )


def _check_towers(model: Model, batch: Batch) -> None:
    """Refuse one half of what a network of two towers compares, and a single image without a batch."""
    images, config = batch.inputs.get("pixel_values"), cast(Any, model.hf.config)
    if hasattr(model.hf, "logit_scale") and {"input_ids", "pixel_values"} <= {*_arguments(model)}:
        missing = next((name for name in ("input_ids", "pixel_values") if name not in batch.inputs), None)
        if missing is not None:
            raise BadInput(
                f"{model.name} compares texts with images, and these inputs lack {missing}: "
                "give both by name, {'input_ids': ..., 'pixel_values': ...}."
            )
        config = getattr(config, "vision_config", config)
    size = getattr(config, "image_size", None)
    if isinstance(images, Tensor) and isinstance(size, int):
        image = (getattr(config, "num_channels", 3), size, size)
        if tuple(images.shape) == image:
            shape = ", ".join(map(str, image))
            raise BadInput(f"This is a single image [{shape}]: give a batch of them, [1, {shape}].")


def _rows(model: Model, inputs: Any, bos: bool | None) -> list[Tensor]:
    if isinstance(inputs, Tensor) and (inputs.dim() not in (1, 2) or inputs.dtype.is_floating_point):
        shape = f"{inputs.dtype} {list(inputs.shape)}"
        raise BadInput(f"Token ids are whole numbers [position] or [batch position], not {shape}.")
    single = isinstance(inputs, str) or (isinstance(inputs, Tensor) and inputs.dim() == 1)
    if not single and not isinstance(inputs, Tensor):
        inputs = list(inputs)
        single = not (inputs and isinstance(inputs[0], str | Sequence | Tensor) and not _is_number(inputs[0]))
    prompts = [inputs] if single else list(inputs)
    if not prompts:
        raise BadInput("There are no prompts: give at least one.")
    return [_tokens(model, prompt, bos) for prompt in prompts]


def _is_number(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() == 0


def _tokens(model: Model, prompt: Any, bos: bool | None) -> Tensor:
    tokens = model.tokenize(prompt)
    if bos is None:
        return tokens
    if not isinstance(prompt, str):
        raise BadInput(
            "bos= is about text: token ids are taken as they are, so put the token in or leave it."
        )
    first = getattr(model.tokenizer, "bos_token_id", None)
    if first is None:
        raise BadInput(
            f"The tokenizer of {model.name} has no beginning-of-text token, so bos={bos} says nothing."
        )
    bare = model.tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"]
    ids = tokens.tolist()
    added = ids[0] == first and ids[1 : len(bare) + 1] == list(bare)
    if added == bos:
        return tokens
    return model.tokenize([first, *ids] if bos else ids[1:])


def _chat_tokens(model: Model, chat: Any) -> list[list[int]]:
    if getattr(model.tokenizer, "chat_template", None) is None:
        raise BadInput(f"The tokenizer of {model.name} has no chat template: give the prompt as plain text.")
    chats = [chat] if chat and isinstance(chat[0], Mapping) else list(chat)
    if not chats or any(not messages for messages in chats):
        raise BadInput("The chat is empty: give messages such as {'role': 'user', 'content': 'Hello'}.")
    rows: list[list[int]] = []
    for messages in chats:
        begun = messages[-1].get("role") == "assistant"
        text = model.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=not begun, continue_final_message=begun
        )
        rows.append(list(model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]))
    return rows


def _packed(model: Model, rows: Sequence[Tensor]) -> Batch:
    if len({len(row) for row in rows}) == 1:
        return _laid_out(model, rows, "left")
    side = padding_side(model)
    if side is None:
        counts = " and ".join(str(length) for length in sorted({len(row) for row in rows}))
        raise BadInput(
            f"These prompts have {counts} tokens, and {model.name} gives other numbers when padded: "
            "run prompts of one length together."
        )
    return _laid_out(model, rows, side)


def _laid_out(model: Model, rows: Sequence[Tensor], side: str) -> Batch:
    width, taken = max(len(row) for row in rows), _arguments(model)
    starts = tuple(width - len(row) if side == "left" else 0 for row in rows)
    lengths = tuple(len(row) for row in rows)
    if len(set(lengths)) == 1:
        return Batch({"input_ids": torch.stack(list(rows)), **_decoder(model, len(rows))}, lengths, starts)
    tokens = torch.full((len(rows), width), _padding_token(model), device=model.device)
    mask = torch.zeros_like(tokens)
    for number, row in enumerate(rows):
        own = slice(starts[number], starts[number] + lengths[number])
        tokens[number, own], mask[number, own] = row, 1
    named = {"input_ids": tokens, **_decoder(model, len(rows))}
    if "attention_mask" in taken:
        named["attention_mask"] = mask
    if side == "left" and "position_ids" in taken:
        named["position_ids"] = _own_positions(mask)
    return Batch(named, lengths, starts)


def _own_positions(mask: Tensor) -> Tensor:
    return (mask.cumsum(-1) - 1).clamp(min=0)


def _padding_token(model: Model) -> int:
    stated = [getattr(model.tokenizer, "pad_token_id", None), getattr(model.hf.config, "pad_token_id", None)]
    token = next((int(token) for token in stated if token is not None and token >= 0), None)
    if token is None and "attention_mask" not in _arguments(model):
        raise BadInput(
            f"{model.name} takes no attention mask and names no padding token, so it cannot tell padding "
            "apart: run prompts of one length together."
        )
    return 0 if token is None or token >= model.vocab_size else token


def _decoder(model: Model, n_rows: int) -> dict[str, Tensor]:
    config = model.hf.config
    if not getattr(config, "is_encoder_decoder", False):
        return {}
    start = getattr(config, "decoder_start_token_id", None)
    if start is None:
        start = getattr(model.hf.generation_config, "decoder_start_token_id", None)
    if start is None:
        raise BadInput(
            f"{model.name} does not say which token its decoder starts from: give decoder_input_ids by name."
        )
    return {"decoder_input_ids": torch.full((n_rows, 1), int(start), device=model.device)}


def _arguments(model: Model) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(model.hf.forward).parameters


def padding_side(model: Model) -> str | None:
    """Return the side on which padding changes no number, found by a probe; None where both change some."""
    network = model.hf
    if network not in _SIDES:
        writes = network.can_generate() and not getattr(network.config, "is_encoder_decoder", False)
        sides = ("left", "right") if writes else ("right", "left")
        _SIDES[network] = next((side for side in sides if _padding_is_hidden(model, side)), None)
    return _SIDES[network]


def _padding_is_hidden(model: Model, side: str) -> bool:
    room = min(model.n_positions, 7)
    drawn = [1 + (7 * number) % max(1, model.vocab_size - 1) for number in range(2 * room)]
    rows = [torch.tensor(drawn[: max(1, room // 2)]), torch.tensor(drawn[-room:])]
    rows = [row.to(model.device) for row in rows]
    together = _laid_out(model, rows, side)
    with torch.no_grad():
        padded = _shown(forward(model.anatomy.bare, together.inputs, {}).output)
        for number, row in enumerate(rows):
            alone = _shown(forward(model.anatomy.bare, _laid_out(model, [row], side).inputs, {}).output)[0]
            part = padded[number]
            if part.shape != alone.shape:
                part = part[together.own(number)]
            if part.shape != alone.shape:
                return False
            apart, scale = (part - alone).abs().max(), alone.abs().max()
            if not apart <= _TOLERANCE.get(alone.dtype, 0.05) * scale:
                return False
    return True


def _shown(output: Any) -> Tensor:
    for name in ("logits", "last_hidden_state"):
        if isinstance(getattr(output, name, None), Tensor):
            return getattr(output, name)
    return output[0]


def _native(model: Model, inputs: Mapping[str, Any]) -> Batch:
    taken = _arguments(model)
    unknown = next((name for name in inputs if name not in taken), None)
    if unknown is not None:
        known = [name for name, parameter in taken.items() if parameter.kind is not parameter.VAR_KEYWORD]
        others = " and others" if len(known) > 5 else ""
        near = nearest(unknown, known) or f"; it takes {', '.join(known[:5])}{others}."
        raise BadInput(f"This network takes no input called {unknown!r}{near}")
    named = {name: _on_model(model, value) for name, value in inputs.items()}
    tokens = named.get("input_ids")
    if tokens is None:
        return Batch(named)
    if not isinstance(tokens, Tensor) or tokens.dim() != 2 or tokens.is_floating_point():
        raise BadInput("input_ids are whole numbers [batch position]: give a row for each prompt.")
    starts, lengths = _places(named.get("attention_mask"), tokens)
    if any(starts) and "position_ids" in taken and "position_ids" not in named:
        named["position_ids"] = _own_positions(named["attention_mask"])
    if "decoder_input_ids" in taken and not {"decoder_input_ids", "labels", "decoder_inputs_embeds"} & {
        *named
    }:
        named |= _decoder(model, len(tokens))
    return Batch(named, lengths, starts)


def _on_model(model: Model, value: Any) -> Any:
    if not isinstance(value, Tensor):
        if isinstance(value, str | bool | int | float) or value is None:
            return value
        value = torch.as_tensor(value)
    return value.to(device=model.device, dtype=model.dtype if value.is_floating_point() else None)


def _places(mask: Any, tokens: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    n_rows, width = tokens.shape
    if not isinstance(mask, Tensor) or mask.dim() != 2:
        return (0,) * n_rows, (width,) * n_rows
    if mask.shape != tokens.shape:
        raise BadInput(f"attention_mask is {list(mask.shape)}, but input_ids are {[n_rows, width]}.")
    kept = mask.bool()
    lengths, starts = kept.sum(-1).tolist(), kept.int().argmax(-1).tolist()
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        if not length or not bool(kept[row, start : start + length].all()):
            raise BadInput(
                f"Row {row} of attention_mask leaves a gap among its tokens: padding stands at one end."
            )
    return tuple(starts), tuple(lengths)


def _checked_spans(name: str, given: Any, batch: Batch) -> tuple[Span, ...]:
    if not name.isidentifier():
        raise BadInput(f"{name!r} is no name for a span: use letters, digits and _, such as subject.")
    if not batch.lengths:
        raise BadInput(f"The span {name!r} names tokens, but these inputs hold none.")
    each = list(given)
    if len(each) == 2 and all(isinstance(end, int) for end in each):
        each = [tuple(each)] * len(batch)
    if len(each) != len(batch):
        raise BadInput(f"The span {name!r} is given for {len(each)} prompts, but there are {len(batch)}.")
    for row, (span, length) in enumerate(zip(each, batch.lengths, strict=True)):
        start, stop = span
        if not 0 <= start < stop <= length:
            raise BadInput(
                f"The span {name!r} of prompt {row} is {start} to {stop}, "
                f"but the prompt has {length} tokens: start before stop, both inside."
            )
    return tuple(cast(Span, tuple(span)) for span in each)
