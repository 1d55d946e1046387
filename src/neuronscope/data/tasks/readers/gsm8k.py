"""Word problems in the format of GSM8K: a question, and a worked answer that ends with #### and a number."""

from hashlib import sha256
from pathlib import Path

from neuronscope.data.tasks.pair import Dice, Pair, Split
from neuronscope.data.tasks.task import Task
from neuronscope.data.texts.problem import Span, digest
from neuronscope.words import BadInput

from .lines import records, text_of

N_VALIDATION, N_TRAINING = 500, 5000
_PROMPT = ("Question: ", "\nAnswer:")


def gsm8k_task(path: Path) -> Task:
    """Return the task of a file in the format of GSM8K (Cobbe et al. 2021, arXiv:2110.14168).

    Each line is a JSON object with `question` and `answer`; what follows `####` is the answer. There is no
    corrupt twin. By the hash of the question the first 500 are `validation` and the next 5,000 `train`; a
    file of fewer problems gives an eleventh to `validation` and the rest to `train`.

    Raises `BadInput` that names the line and what is wrong with it.
    """
    problems: dict[str, str] = {}
    for number, record in records(path, needed=("question", "answer")):
        _, mark, result = str(record["answer"]).rpartition("####")
        if not mark or not result.strip():
            raise BadInput(f"{path}, line {number}: the answer has no number after ####; write one there.")
        problems[str(record["question"]).strip()] = result.strip().replace(",", "")
    questions = list(problems)
    by_hash = sorted(questions, key=digest)
    n_validation = N_VALIDATION if len(questions) >= N_VALIDATION + N_TRAINING else len(questions) // 11
    parts: dict[Split, list[str]] = {
        "unseen": questions,
        "train": by_hash[n_validation : n_validation + N_TRAINING],
        "validation": by_hash[:n_validation],
    }

    def draw(dice: Dice) -> Pair:
        """Return a question without a twin."""
        part = parts[dice.split]
        question = part[dice.row(len(part))]
        before, after = _PROMPT
        return Pair(
            task=dice.task,
            template="question",
            seed=dice.seed,
            clean=before + question + after,
            corrupt="",
            answer=f" {problems[question]}",
            distractor="",
            spans=(Span("question", len(before), len(before) + len(question)),),
        )

    return Task(
        name=f"gsm8k:{path}",
        summary=f"The word problems of {path.name}.",
        draw=draw,
        source="Cobbe et al. 2021, arXiv:2110.14168",
        metric="log_probability",
        has_twin=False,
        splits={split: len(part) for split, part in parts.items() if part},
        listed=True,
        tries=1,
        content=sha256(text_of(path).encode()).hexdigest(),
    )
