"""Facts of published sets: a record is a subject in a sentence, and the word that the sentence ends with."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from neuronscope.data.tasks.pair import Dice, Pair
from neuronscope.data.tasks.task import Task
from neuronscope.words import BadInput

from .lines import json_list, text_of


class Fact(NamedTuple):
    """A sentence with the slot `{subject}`, its subject and its end, and the relation that it states."""

    template: str
    subject: str
    value: str
    relation: str
    wrong: tuple[str, ...] = ()


def counterfact_task(path: Path) -> Task:
    """Return the task of a file in the format of CounterFact (Meng et al. 2022, arXiv:2202.05262).

    It is a JSON list of records with `requested_rewrite`: `prompt` with `{}` for the subject, `subject`,
    `relation_id`, `target_true` and `target_new`, the last of which is a rejected answer.
    """
    return _facts_task("counterfact", path, _counterfact)


def known_facts_task(path: Path) -> Task:
    """Return the task of a file in the format of the known facts of Meng et al. (2022, arXiv:2202.05262).

    It is a JSON list of records with `prompt`, `subject`, which stands in the prompt, `attribute` and
    `relation_id`.
    """
    return _facts_task("known-facts", path, _known)


def _facts_task(reader: str, path: Path, read: Callable[[Mapping[str, Any]], Fact]) -> Task:
    facts = [_read(path, number, record, read) for number, record in enumerate(json_list(path), 1)]
    by_relation: dict[str, list[Fact]] = {}
    for fact in facts:
        by_relation.setdefault(fact.relation, []).append(fact)
    asked = [fact for fact in facts if any(other.value != fact.value for other in by_relation[fact.relation])]
    if not asked:
        raise BadInput(
            f"{path} has no relation with two different answers, so no fact has a twin; "
            "give a file that has one."
        )

    def draw(dice: Dice) -> Pair:
        """Return a fact; the twin has the subject of another one of its relation."""
        fact = asked[dice.row(len(asked))]
        others = [other for other in by_relation[fact.relation] if other.value != fact.value]
        other = dice.rng.choice(others)
        if dice.tight:
            others.sort(key=lambda other: abs(len(other.subject) - len(fact.subject)))
            other = others[dice.attempt // 2 % len(others)]
        return dice.twins(
            (fact.template, fact.relation),
            {"subject": fact.subject},
            {"subject": other.subject},
            answer=f" {fact.value}",
            distractor=f" {other.value}",
            rejected=tuple(f" {value}" for value in fact.wrong),
        )

    return Task(
        name=f"{reader}:{path}",
        summary=f"The facts of {path.name}.",
        draw=draw,
        source="Meng et al. 2022, arXiv:2202.05262",
        splits={"unseen": len(asked)},
        listed=True,
        content=sha256(text_of(path).encode()).hexdigest(),
    )


def _read(
    path: Path, number: int, record: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Fact]
) -> Fact:
    try:
        fact = read(record)
        for name in ("template", "subject", "value", "relation"):
            if not isinstance(getattr(fact, name), str) or not getattr(fact, name):
                raise ValueError(f"its {name} is {getattr(fact, name)!r}; write a text that is not empty")
        if set(re.findall(r"\{(\w+)\}", fact.template)) != {"subject"}:
            raise ValueError("its prompt has a word in braces, which reads as a slot; leave the braces out")
        return fact
    except KeyError as missing:
        raise BadInput(
            f"{path}, record {number}: lacks {missing}; check that the file has the format you named."
        ) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise BadInput(
            f"{path}, record {number}: {error}; check that the file has the format you named."
        ) from None


def _counterfact(record: Mapping[str, Any]) -> Fact:
    rewrite = record["requested_rewrite"]
    subject, prompt = rewrite["subject"], rewrite["prompt"]
    if prompt.count("{}") != 1:
        raise ValueError(f"the prompt {prompt!r} has no single {{}} for its subject")
    return Fact(
        prompt.replace("{}", "{subject}"),
        subject,
        rewrite["target_true"]["str"],
        rewrite["relation_id"],
        (rewrite["target_new"]["str"],),
    )


def _known(record: Mapping[str, Any]) -> Fact:
    prompt, subject = record["prompt"], record["subject"]
    template, found = re.subn(rf"(?<!\w){re.escape(subject)}(?!\w)", "{subject}", prompt, count=1)
    if not found:
        raise ValueError(f"the subject {subject!r} does not stand in the prompt {prompt!r}")
    return Fact(template, subject, record["attribute"], record["relation_id"])
