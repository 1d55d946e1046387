"""Rules of alerts: read as they are written, and refused in a sentence."""

from pathlib import Path

import pytest
import yaml

from neuronscope.doors.server.watch.rules import DEFAULTS, FILE, Rule, read_rules, write_rules
from neuronscope.words import BadInput

GOOD = """
version: 1
check_minutes: 30
webhooks:
  team: {url: "http://127.0.0.1:9/hook", secret_variable: HOOK_SECRET}
rules:
  - {name: scribe-drift, metric: drift, model: "builtin:scribe", baseline: 8f579826a33a9e0f,
     shift: 0.5, threshold: 0.1, clear: 0.05, for_seconds: 60, severity: critical, webhook: team}
"""


def test_without_a_file_the_rules_that_ship_hold(tmp_path: Path) -> None:
    assert read_rules(tmp_path / FILE) == DEFAULTS


def test_what_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(GOOD, encoding="utf-8")
    book = read_rules(file)
    write_rules(file, book)
    assert read_rules(file) == book
    assert book.rules[0].clears_at == 0.05


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("rules: [{name: a, metric: moon, threshold: 1}]", "rule 'a', metric: input should be 'drift'"),
        ("rules: [{name: a, metric: memory}]", "rule 'a' lacks threshold"),
        ("rules: [{name: a, metric: memory, threshold: 1, tone: x}]", "rule 'a' has 'tone'"),
        ("rules: [{name: a, metric: drift, threshold: 1, model: m}]", "drift needs a baseline"),
        ("rules: [{name: a, metric: memory, threshold: 1, model: m}]", "memory takes no model"),
        ("rules: [{name: a, metric: memory, threshold: 0.5, clear: 0.6}]", "clear=0.6 is above"),
        ("rules: [{name: a, metric: disk_free, threshold: 5, clear: 4}]", "clear=4 is below"),
        ("rules: [{name: a, metric: memory, threshold: .nan}]", "finite"),
        ("rules: [{name: a, metric: memory, threshold: 1, webhook: team}]", "names the webhook 'team'"),
        ("rules: [{name: A b, metric: memory, threshold: 1}]", "rule 'A b', name"),
        (
            "rules: [{name: a, metric: memory, threshold: 1}, {name: a, metric: memory, threshold: 1}]",
            "two rules are called 'a'",
        ),
        ("webhooks: {team: {url: 'file:///etc/passwd'}}", "http:// or https://"),
        ("webhooks: {team: {url: 'http://a', secret: abc}}", "'secret', which is no word"),
        ("rules: [", "not YAML at line 1"),
        ("just text", "must have `rules:`"),
        ("version: 2", "version: input should be 1"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(tmp_path: Path, change: str, words: str) -> None:
    file = tmp_path / FILE
    file.write_text(change, encoding="utf-8")
    with pytest.raises(BadInput) as error:
        read_rules(file)
    assert words in str(error.value)
    assert FILE in str(error.value)
    assert "\n" not in str(error.value)


def test_a_clear_threshold_that_is_left_out_is_a_fifth_off_on_the_calm_side() -> None:
    assert Rule(name="a", metric="memory", threshold=0.5).clears_at == pytest.approx(0.4)
    assert Rule(name="a", metric="disk_free", threshold=2).clears_at == pytest.approx(2.5)
    assert Rule(name="a", metric="divergence", model="m", reference="n", threshold=0).clears_at == 0


def test_the_file_holds_no_secret_and_no_word_that_was_not_given(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(GOOD, encoding="utf-8")
    write_rules(file, read_rules(file))
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(said["webhooks"]["team"]) == {"url", "secret_variable"}
    assert "reference" not in said["rules"][0]
