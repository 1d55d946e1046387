"""Files become tasks: pairs of one's own, facts and word problems; what is wrong is said with its line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuronscope.data.tasks import Span, Task, open_task
from neuronscope.words import BadInput

ROWS = [
    ("The keys near the door", "The key near the doors", " are", " is"),
    ("Paris is in", "Rome is in", " France", " Italy"),
    ("4 + 3 =", "4 + 5 =", " 7", " 9"),
]
HEADER = "clean,corrupt,answer,distractor"


class Spelled:
    """A tokenizer whose tokens are the letters of a text."""

    def __call__(self, text: list[str], *, add_special_tokens: bool) -> dict[str, list[list[int]]]:
        return {"input_ids": [[ord(sign) for sign in line] for line in text]}


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def as_json(row: tuple[str, ...], **more: object) -> str:
    return json.dumps(dict(zip(HEADER.split(","), row, strict=True)) | more)


def task_of(folder: Path, *lines: str, name: str = "own.jsonl") -> Task:
    return open_task(str(written(folder, name, *lines)))


def test_rows_become_pairs_in_the_order_of_the_file(tmp_path: Path, scribe: Any) -> None:
    task = task_of(tmp_path, *map(as_json, ROWS))
    pairs = task.pairs(3, scribe)
    assert [(p.clean, p.corrupt, p.answer, p.distractor) for p in pairs] == ROWS
    assert [pair.template for pair in pairs] == ["line-1", "line-2", "line-3"]
    assert (pairs.asked, pairs.refused, task.splits) == (3, 0, {"unseen": 3})
    shuffled = [task.pairs(3, scribe, seed=seed) for seed in range(1, 6)]
    assert all(sorted(pair.clean for pair in drawn) == sorted(row[0] for row in ROWS) for drawn in shuffled)
    assert len({drawn[0].clean for drawn in shuffled}) > 1


def test_csv_and_jsonl_give_the_same_pairs(tmp_path: Path, scribe: Any) -> None:
    table = [HEADER + ",note", *(",".join((*row, "x")) for row in ROWS)]
    one = task_of(tmp_path, *table, name="own.csv")
    two = task_of(tmp_path, *map(as_json, ROWS))
    drawn = [
        [(p.clean, p.corrupt, p.answer, p.distractor) for p in task.pairs(3, scribe)] for task in (one, two)
    ]
    assert drawn[0] == drawn[1]
    assert one.pairs(1, scribe)[0].template == "line-2"


def test_a_quoted_field_may_hold_commas_and_lines(tmp_path: Path, scribe: Any) -> None:
    task = task_of(tmp_path, HEADER, '"a, b\nc","a, d\nc", yes, no', "4 +,5 +, 1, 2", name="own.csv")
    pairs = task.pairs(2, scribe)
    assert (pairs[0].clean, pairs[0].template, pairs[1].template) == ("a, b\nc", "line-2", "line-5")


def test_spans_are_read_from_both_formats(tmp_path: Path, scribe: Any) -> None:
    spans = {"subject": [4, 8]}
    own = {"subject": [4, 7]}
    one = task_of(tmp_path, as_json(ROWS[0], spans=spans, corrupt_spans=own)).pairs(1, scribe)[0]
    quoted = '"' + json.dumps(spans).replace('"', '""') + '"'
    header = HEADER + ",spans"
    two = task_of(tmp_path, header, ",".join((*ROWS[0], quoted)), name="own.csv").pairs(1, scribe)[0]
    assert one.span("subject") == two.span("subject") == "keys"
    assert one.span("subject", corrupt=True) == "key"
    # Both prompts have as many characters here, so that the span holds for both.
    assert two.corrupt_spans == two.spans == (Span("subject", 4, 8),)


def test_rows_of_unequal_token_length_are_refused_and_counted(tmp_path: Path, scribe: Any) -> None:
    uneven = ("Paris is in", "The city of Rome is in", " France", " Italy")
    task = task_of(tmp_path, *map(as_json, (*ROWS, uneven)))
    found = task.pairs(3, scribe, seed=2)
    assert len(found) == 3
    with pytest.raises(BadInput, match=r"3 different pairs .* than 4 \(1 of 4 seeds refused, 0 repeated\)"):
        task.pairs(4, scribe)


def test_a_long_run_of_refused_rows_ends_nothing(tmp_path: Path, scribe: Any) -> None:
    uneven = [(f"It is {n} in", f"It is {n} o'clock in", " France", " Italy") for n in range(300)]
    task = task_of(tmp_path, *map(as_json, (*uneven, ROWS[0])))
    found = task.pairs(1, scribe)
    assert (found[0].clean, found.refused, found.asked) == (ROWS[0][0], 300, 301)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["clean,answer", "a,b"],
            "line 1: lacks corrupt, distractor; it has clean, answer; needed are",
        ),
        (
            [HEADER, "a,b,c,d", "a,b,c"],
            "line 3: not as many fields as columns; quote fields that hold",
        ),
        ([HEADER, "a,b,c,d,e"], "line 2: not as many fields as columns"),
        ([HEADER, "a,b,,d"], "line 2: answer is ''; write a text that is not empty"),
        (
            [HEADER, "a,a,c,d"],
            "line 2: clean and corrupt are the same; let them differ where",
        ),
        ([HEADER], "holds no records; give a file with at least one"),
        ([""], "line 1: lacks clean, corrupt, answer, distractor; it has nothing;"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        task_of(tmp_path, *lines, name="own.csv")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: no JSON (Expecting property name enclosed in double quotes); write one object a line"),
        ("[1]", "line 2: no JSON object; write one object a line"),
        ('{"clean": "a"}', "line 2: lacks corrupt, answer, distractor; it has clean; needed are"),
        (as_json(ROWS[1]).replace('" Italy"', "7"), "line 2: distractor is 7; write a text"),
        (as_json(ROWS[1], spans=[1]), "line 2: spans is no JSON object; write names and characters, such as"),
        (as_json(ROWS[1], spans="{"), "line 2: spans is no JSON object"),
        (
            as_json(ROWS[1], spans={"city": [0, 40]}),
            "line 2: the span 'city' is [0, 40]; write the",
        ),
        (
            as_json(ROWS[1], spans={"city": ["0", 4]}),
            "and the one after the last, from 0 to 11",
        ),
    ],
)
def test_what_is_wrong_with_a_record_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        task_of(tmp_path, as_json(ROWS[0]), line)
    assert said in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no file .*absent\.csv; give the path of one that exists"):
        open_task(str(tmp_path / "absent.csv"))
    (tmp_path / "dark.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"dark\.csv cannot be read as text in UTF-8"):
        open_task(str(tmp_path / "dark.csv"))


def fact(subject: str, value: str, relation: str = "P1", new: str = "Mars") -> dict[str, Any]:
    rewrite = {
        "prompt": "The home of {} is",
        "subject": subject,
        "relation_id": relation,
        "target_true": {"str": value, "id": "Q1"},
        "target_new": {"str": new, "id": "Q2"},
    }
    return {"case_id": 0, "requested_rewrite": rewrite}


def test_counterfact_gets_twins_from_its_own_relation(tmp_path: Path, scribe: Any) -> None:
    records = [
        fact("John", "France"),
        fact("Mary", "Italy"),
        fact("Anna", "Italy"),
        fact("Rome", "Asia", "P2"),
    ]
    path = written(tmp_path, "facts.json", json.dumps(records))
    task = open_task(f"counterfact:{path}")
    assert task.splits == {"unseen": 3}
    pairs = task.pairs(3, scribe)
    assert pairs[0].clean == "The home of John is"
    assert pairs[0].rejected == (" Mars",)
    assert {pair.span("subject") for pair in pairs} == {"John", "Mary", "Anna"}
    homes = {"John": " France", "Mary": " Italy", "Anna": " Italy"}
    for pair in pairs:
        assert pair.answer == homes[pair.span("subject")] != pair.distractor
        assert pair.distractor == homes[pair.span("subject", corrupt=True)]
    assert task.pairs(3, scribe, seed=1)[:] != pairs[:]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            [{"case_id": 1}],
            "record 1: lacks 'requested_rewrite'; check that the file has",
        ),
        ([fact("John", "France")], "has no relation with two different answers, so no fact has a twin"),
        ({"a": 1}, "is no JSON list of records"),
        ([], "is no JSON list of records"),
    ],
)
def test_what_is_wrong_with_facts_is_said(tmp_path: Path, records: object, said: str) -> None:
    path = written(tmp_path, "facts.json", json.dumps(records))
    with pytest.raises(BadInput) as refusal:
        open_task(f"counterfact:{path}")
    assert said in str(refusal.value)


def test_what_is_no_json_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"facts\.json is not JSON: line 2: Expecting"):
        open_task(f"known-facts:{written(tmp_path, 'facts.json', '[', 'x]')}")


def test_a_subject_that_the_prompt_lacks_is_refused(tmp_path: Path) -> None:
    record = {"prompt": "Rome is in", "subject": "Paris", "attribute": "Italy", "relation_id": "P1"}
    path = written(tmp_path, "facts.json", json.dumps([record]))
    with pytest.raises(BadInput, match="record 1: the subject 'Paris' does not stand in the prompt"):
        open_task(f"known-facts:{path}")


def test_known_facts_as_published_are_read(test_data: Callable[[str], Path], gpt2: Any) -> None:
    path = test_data("facts_known1000/known_1000.json")
    task = open_task(f"known-facts:{path}")
    raw = {record["prompt"]: record for record in json.loads(path.read_text(encoding="utf-8"))}
    drawn = task.drawn(range(1208), gpt2)
    pairs = [pair for pair in drawn if pair is not None]
    assert (len(raw), task.splits, len(drawn) - len(pairs)) == (1208, {"unseen": 1208}, 146)
    for pair in pairs:
        record = raw[pair.clean]
        assert (pair.span("subject"), pair.answer) == (record["subject"], f" {record['attribute']}")
        assert len(gpt2(pair.clean)["input_ids"]) == len(gpt2(pair.corrupt)["input_ids"])


def test_word_problems_have_no_twin(tmp_path: Path, scribe: Any) -> None:
    lines = [
        json.dumps({"question": f"What is {n} and 1?", "answer": f"So.\n#### 1,{n:03d}"}) for n in range(22)
    ]
    task = open_task(f"gsm8k:{written(tmp_path, 'sums.jsonl', *lines)}")
    assert task.splits == {"unseen": 22, "train": 20, "validation": 2}
    assert (task.has_twin, task.metric) == (False, "log_probability")
    first = task.pairs(22, scribe)[0]
    assert (first.clean, first.answer) == ("Question: What is 0 and 1?\nAnswer:", " 1000")
    assert (first.corrupt, first.distractor, first.corrupt_spans) == ("", "", ())
    assert first.span("question") == "What is 0 and 1?"
    train, validation = (
        {pair.clean for pair in task.pairs(n, scribe, split=part)}
        for part, n in (("train", 20), ("validation", 2))
    )
    assert len(train | validation) == 22


def test_a_word_problem_without_its_number_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "sums.jsonl", json.dumps({"question": "Why?", "answer": "Because."}))
    with pytest.raises(BadInput, match="line 1: the answer has no number after ####; write one there"):
        open_task(f"gsm8k:{path}")


def test_the_fingerprint_of_a_file_follows_what_stands_in_it(tmp_path: Path) -> None:
    one = task_of(tmp_path, *map(as_json, ROWS), name="one.jsonl")
    same = task_of(tmp_path, *map(as_json, ROWS), name="same.jsonl")
    other = task_of(tmp_path, *map(as_json, ROWS[:2]), name="other.jsonl")
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_lines_end_at_line_ends_alone(tmp_path: Path) -> None:
    record = {"question": "One\u2028and one?", "answer": "Two.\u0085\n#### 2"}
    path = tmp_path / "sums.jsonl"
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    assert open_task(f"gsm8k:{path}").splits["unseen"] == 1


def test_a_subject_is_a_word_and_no_part_of_one(tmp_path: Path) -> None:
    facts = [
        {"prompt": "Annual report: Ann is from", "subject": "Ann", "attribute": "Rome", "relation_id": "P"},
        {"prompt": "Annual report: Bob is from", "subject": "Bob", "attribute": "Oslo", "relation_id": "P"},
    ]
    path = written(tmp_path, "facts.json", json.dumps(facts))
    pair = open_task(f"known-facts:{path}").pair(0, Spelled())
    assert pair is not None
    assert {pair.clean.rstrip(), pair.corrupt.rstrip()} == {fact["prompt"] for fact in facts}


def test_a_fact_with_braces_or_without_text_is_refused_by_its_record(tmp_path: Path) -> None:
    braced = {"prompt": "The {x} of Ann", "subject": "Ann", "attribute": "Rome", "relation_id": "P"}
    with pytest.raises(BadInput, match="record 1: its prompt has a word in braces"):
        open_task(f"known-facts:{written(tmp_path, 'braced.json', json.dumps([braced]))}")
    empty = {**braced, "prompt": "Ann is", "attribute": None}
    with pytest.raises(BadInput, match="record 1: its value is None; write a text that is not empty"):
        open_task(f"known-facts:{written(tmp_path, 'none.json', json.dumps([empty]))}")


def test_draws_depend_on_what_a_file_holds_and_not_on_where_it_lies(tmp_path: Path) -> None:
    facts = [
        {"prompt": f"{name} is from", "subject": name, "attribute": f"{name}land", "relation_id": "P"}
        for name in ("Ann", "Bob", "Eve", "Kim", "Lee", "Max")
    ]
    (tmp_path / "other").mkdir()
    drawn = []
    for folder in (tmp_path, tmp_path / "other"):
        task = open_task(f"known-facts:{written(folder, 'facts.json', json.dumps(facts))}")
        drawn.append([pair and (pair.clean, pair.corrupt) for pair in task.drawn(range(6), Spelled())])
    assert drawn[0] == drawn[1]
    assert None not in drawn[0]
