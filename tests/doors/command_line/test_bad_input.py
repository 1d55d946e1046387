"""Bad input: one sentence on stderr, exit status 2, and nothing computed or written."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

LENS = ["ask", "logit-lens", "--prompt", "ab"]
PATCH = ["ask", "activation-patching", "--prompt", "abcd"]


def refused(reply: tuple[int, str, str], words: str) -> None:
    status, out, err = reply
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    assert words in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lst"], "no command 'lst'; did you mean 'list'?"),
        (["store", "list"], "no store command 'list'"),
        (["ask", "logit-lense"], "did you mean 'logit_lens'?"),
        (["ask"], "Say which right after 'ask'"),
        (["ask", "--model", "x"], "Say which right after 'ask'"),
        (["make", "logit-lens"], "logit-lens is not for 'make'; say 'neuronscope ask logit-lens'"),
        (["make", "language-modle"], "did you mean 'language_model'?"),
        (["make", "language-model"], "language-model needs --corpus: Text file, folder of texts"),
        (["make", "language-model", "--corpus", "documentation"], "language-model needs --out: "),
        (
            ["make", "language-model", "--corpus", "nowhere.txt", "--out", "x"],
            "There is no corpus 'nowhere.txt'",
        ),
        ([*LENS, "--topk", "3"], "has no option --topk; did you mean '--top-k'?"),
        ([*LENS, "--modle=x"], "has no option --modle; did you mean '--model'?"),
        ([*LENS, "--prom", "ab"], "has no option --prom; did you mean '--prompt'?"),
        ([*LENS, "and", "more"], "did not expect 'and'; put a text with spaces in quotes"),
        ([*LENS], "needs --model: "),
        (["ask", "logit-lens", "--model", "x"], "needs --prompt: "),
        ([*LENS, "--model"], "--model needs a value"),
        ([*LENS, "--model", "builtin:scrib"], "There is no built-in model 'builtin:scrib'"),
        ([*LENS, "--model", "./nowhere"], "There is no folder './nowhere'"),
        ([*LENS, "--model", "x", "--dtype", "float31"], "did you mean 'float32'?"),
        ([*LENS, "--model", "x", "--theme", "drak"], "did you mean 'dark'?"),
        ([*LENS, "--model", "x", "--out", "lens.cn"], "did you mean '.nc'?"),
        ([*LENS, "--model", "x", "--out", "lens"], "must end in one of .nc"),
        ([*LENS, "--model", "x", "--out", "no/such/lens.nc"], "no folder 'no/such'; make it first"),
        ([*LENS, "--model", "x", "--out", "x.csv", "--at", "rank=1"], "choose what a picture shows"),
        (["show", "nothing.nc"], "nothing.nc"),
        (["show", "abcdef"], "has no result 'abcdef'"),
        (["show"], "needs RESULT"),
        (["open", "--port", "many"], "--port: 'many' is not a whole number"),
        (["open", "--port", "70000"], "70000"),
        (["certify", "./nowhere"], "There is no folder './nowhere'"),
        (["fetch", "no such id!", "{folder}/fetched"], "is no Hugging Face id"),
        (["store", "show", "zz"], "'zz' is no digest"),
        (["store", "rm"], "needs DIGEST"),
        (["store", "gc", "--days", "few"], "--days: 'few' is not a number"),
        (["store", "gc", "--days=-1"], "0 or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_one_sentence_says_what_to_do(run: Run, words: list[str], sentence: str, tmp_path: Path) -> None:
    refused(run(*(word.format(folder=tmp_path) for word in words)), sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*LENS, "--top-k", "0"], "top_k=0"),
        ([*LENS, "--top-k", "three"], "top_k='three'"),
        ([*LENS, "--top-k", "101"], "top_k=101"),
        (["ask", "logit-lens", "--prompt", ""], "prompt is empty"),
        (["ask", "logit-lens", "--prompt", "x" * 201], "201"),
        ([*PATCH, "--corrupt", "abc"], "4"),
        ([*LENS, "--device", "gpu"], "no device 'gpu'"),
        ([*LENS, "--at", "rnak=1"], "no axis 'rnak'; did you mean 'rank'?"),
        ([*LENS, "--at", "rank=9"], "rank is one of 1, 2, 3, 4, 5"),
        ([*LENS, "--variable", "probabilty"], "did you mean 'probability'?"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_what_only_the_model_can_tell_is_one_sentence_too(
    run: Run, tiny: str, words: list[str], sentence: str
) -> None:
    refused(run(*words, "--model", tiny), sentence)


def test_a_folder_without_weights_is_said_to_hold_none(run: Run, tiny: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(Path(tiny, "config.json").read_bytes())
    refused(run(*LENS, "--model", str(tmp_path)), "holds no weights")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(run(*LENS, "--model", "x", "--out", str(tmp_path / "lens.nc")), "ermission denied")


def test_a_file_in_the_way_of_the_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    refused(run(*LENS, "--model", "x", "--out", str(tmp_path / "plain" / "lens.nc")), "no folder")


def test_a_folder_in_the_place_of_the_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lens.nc").mkdir()
    refused(run(*LENS, "--model", "x", "--out", str(tmp_path / "lens.nc")), "it is a folder")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--prompt", "word " * 400], "this model reads 256 at most"),
        (["--prompt", "a", "--model", "no/such-model"], "Unknown model 'no/such-model'"),
    ],
)
def test_a_process_of_its_own_says_no_more(words: list[str], sentence: str) -> None:
    code = "import sys; from neuronscope.doors.command_line import main; sys.exit(main())"
    words = ["ask", "logit-lens", "--model", "builtin:scribe", *words]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env=offline
    )
    refused((said.returncode, said.stdout, said.stderr), sentence)


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="a folder that nobody can write in")
def test_a_place_that_nobody_can_write_is_refused(run: Run, tiny: str) -> None:
    refused(run(*LENS, "--model", tiny, "--out", "/proc/lens.nc"), "cannot be written: ")


def test_a_fault_of_ours_is_one_line_and_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("neuronscope.catalogue.forms", broken)
    status, out, err = run("list")
    assert (status, out) == (1, "")
    assert err == "RuntimeError: two lines; set NEURONSCOPE_TRACEBACK=1 to see where.\n"


def test_the_traceback_of_a_fault_is_there_for_whoever_asks(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("neuronscope.catalogue.forms", broken)
    monkeypatch.setenv("NEURONSCOPE_TRACEBACK", "1")
    status, _, err = run("list")
    assert status == 1
    assert "Traceback" in err
    assert "in broken" in err


def test_ctrl_c_ends_with_130_and_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("neuronscope.catalogue.forms", stopped)
    assert run("list") == (130, "", "Stopped; what was stored before is still there.\n")


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "logit-lens", "--prompt", "ab", "--model", "~nobody-of-this-name/model"],
        ["ask", "model-card", "--model", "builtin:scribe", "--out", "~nobody-of-this-name/card.nc"],
        ["make", "toy-superposition", "--out", "~nobody-of-this-name/toys"],
    ],
)
def test_the_home_of_nobody_is_refused(run: Run, words: list[str]) -> None:
    refused(run(*words), "the home of somebody who is not known here")
