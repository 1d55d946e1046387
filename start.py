"""Set NeuronScope up and open it, or set it up and test it. Needs Python 3.11 and nothing else.

    python3 start.py                  set up, start the server, open the workbench in the browser
    python3 start.py --check          the same without a browser: ask the server one question, then stop
    python3 start.py test             set up and run every check
    python3 start.py test --fast      leave out the slow tests and the browser
    python3 start.py test --parity    compare with the peer libraries and write docs/parity.md

Run it as often as you like: what is done already is not done again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PAGES = ROOT / "workbench"
BUILT = ROOT / "src" / "neuronscope" / "workbench"
OLDEST = (3, 11)
QUESTION = {
    "model": "builtin:scribe",
    "prompt": "When Mary and John went to the shop, John gave a drink to",
    "top_k": 1,
}


def main(words: list[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="start.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["open", "test"], default="open")
    parser.add_argument("--check", action="store_true", help="open without a browser, ask once, stop")
    parser.add_argument("--fast", action="store_true", help="test without slow tests and browser")
    parser.add_argument("--parity", action="store_true", help="compare with the peer libraries")
    given = parser.parse_args(words)
    if sys.version_info < OLDEST:
        mine = sys.version.split()[0]
        say(f"NeuronScope needs Python 3.11 or newer; this is {mine}. Start it with a newer one.")
        return 1
    began = time.monotonic()
    try:
        python = environment(["test"] if given.what == "test" else [])
        have_pages = workbench()
        if given.what == "test":
            return test(python, given, have_pages)
        if given.check:
            status = check(python)
            verdict = "All is well" if status == 0 else "Something is wrong"
            say(f"{verdict}, after {time.monotonic() - began:.0f} s.")
            return status
        return subprocess.call([str(command(python)), "open", QUESTION["model"]], cwd=ROOT)
    except subprocess.CalledProcessError as error:
        say(f"This step failed with status {error.returncode}: {' '.join(map(str, error.cmd))}")
        return 1
    except KeyboardInterrupt:
        return 130


def environment(extras: Iterable[str]) -> Path:
    """Make the virtual environment, install the package into it, and return its Python."""
    venv, stamp = ROOT / ".venv", ROOT / ".venv" / "neuronscope-setup.json"
    wanted = digest([ROOT / "pyproject.toml", ROOT / "constraints.txt", ROOT / "hatch_build.py"])
    done = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    have = set(done.get("extras", [])) if done.get("digest") == wanted else None
    if have is not None and have >= set(extras):
        say("The Python packages are installed already.")
        return python_of(venv)
    install = installer(venv, new=not stamp.exists())
    extras = sorted({*extras, *(have or ())})
    with step("Install torch"):
        run([*install, "--constraint", "constraints.txt", "torch"])
    with step("Install NeuronScope and what it needs"):
        package = f".[{','.join(extras)}]" if extras else "."
        run([*install, "--constraint", "constraints.txt", "--editable", package])
    stamp.write_text(json.dumps({"digest": wanted, "extras": extras}), encoding="utf-8")
    return python_of(venv)


def peers() -> Path:
    """Make the environment of the peer libraries and return its Python."""
    venv, stamp = ROOT / ".venv-parity", ROOT / ".venv-parity" / "neuronscope-setup.txt"
    listed = ROOT / "tests" / "parity" / "requirements.txt"
    wanted = digest([listed])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        install = installer(venv, new=not stamp.exists())
        with step("Install the peers"):
            run([*install, "--requirement", str(listed)])
        stamp.write_text(wanted, encoding="utf-8")
    return python_of(venv)


def installer(venv: Path, *, new: bool) -> list[str]:
    """Make a virtual environment if it is new, and return the command that installs into it."""
    if new:
        with step(f"Make {venv.name}"):
            run([sys.executable, "-m", "venv", str(venv)])
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    return [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", *quiet]


def python_of(venv: Path) -> Path:
    """Return the Python of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def command(python: Path) -> Path:
    """Return the ``neuronscope`` command that was installed beside this Python."""
    return python.with_name("neuronscope.exe" if os.name == "nt" else "neuronscope")


def workbench() -> bool:
    """Build the pages where their sources changed; return whether there are pages to open."""
    if not (PAGES / "package.json").exists():
        return False
    npm = shutil.which("npm")
    if npm is None or not node_is_new_enough():
        say("There is no Node.js 20.19 or newer here, so the workbench is not built; the rest works.")
        return (BUILT / "index.html").exists()
    lock = digest([PAGES / "package.json", PAGES / "package-lock.json"])
    installed = PAGES / "node_modules" / ".neuronscope-setup"
    if not installed.exists() or installed.read_text(encoding="utf-8") != lock:
        with step("Install what the workbench needs"):
            run([npm, "ci", "--no-audit", "--no-fund"], PAGES)
        installed.write_text(lock, encoding="utf-8")
    sources, built = digest(page_sources()), BUILT / "sources.sha256"
    if built.exists() and built.read_text(encoding="utf-8") == sources and (BUILT / "index.html").exists():
        say("The workbench is built already.")
        return True
    with step("Build the workbench"):
        run([npm, "run", "build"], PAGES)
    built.write_text(sources, encoding="utf-8")
    return True


def node_is_new_enough() -> bool:
    """Return whether there is a Node.js that can build the workbench."""
    node = shutil.which("node")
    if node is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = said.strip().lstrip("v").split(".")[:2]
    return all(number.isdigit() for number in numbers) and [*map(int, numbers)] >= [20, 19]


def page_sources() -> list[Path]:
    """List the files that the built workbench depends on."""
    found = []
    for folder, below, names in os.walk(PAGES):
        below[:] = sorted(set(below) - {"node_modules", "browser", "tests"})
        found += [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
    return found


def check(python: Path) -> int:
    """Start the server without a browser, ask for its health and one analysis, and stop it."""
    with tempfile.TemporaryDirectory() as folder, step("Ask the running server"):
        ready = Path(folder, "ready.json")
        quietly = ["--no-browser", "--port", "0", "--ready-file", str(ready)]
        home = {**os.environ, "NEURONSCOPE_HOME": folder}
        server = subprocess.Popen(
            [str(command(python)), "open", QUESTION["model"], *quietly], cwd=ROOT, env=home
        )
        try:
            door = wait_until_ready(server, ready)
            say(f"health: {json.dumps(ask(door, 'health'))}")
            say(f"logit_lens: {summary(answer(door))}")
            return 0
        except (OSError, RuntimeError) as error:
            say(f"The server did not do its part: {error}")
            return 1
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_until_ready(server: subprocess.Popen[bytes], ready: Path, patience: float = 180) -> dict[str, Any]:
    """Return what the server wrote about itself when it was ready."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"it ended with status {server.returncode} before it was ready")
        try:
            return json.loads(ready.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            time.sleep(0.1)
    raise RuntimeError(f"it was not ready after {patience:.0f} s")


def answer(door: dict[str, Any], patience: float = 180) -> dict[str, Any]:
    """Ask the question over REST and wait for its result."""
    said = ask(door, "analyses/logit_lens?wait=30", QUESTION)
    until = time.monotonic() + patience
    while "state" in said and time.monotonic() < until:
        if said["state"] == "done":
            return ask(door, f"results/{said['result']}")
        if said["state"] in ("failed", "cancelled"):
            raise RuntimeError(f"the analysis {said['state']}: {said.get('error')}")
        time.sleep(0.2)
        said = ask(door, f"jobs/{said['id']}")
    if "digest" not in said:
        raise RuntimeError(f"no result after {patience:.0f} s: {said}")
    return said


def ask(door: dict[str, Any], path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send one request to the running server and return its JSON."""
    request = urllib.request.Request(
        f"{door['url'].rstrip('/')}/api/v1/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {door['token']}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        raise RuntimeError(
            f"{path} answered {error.code}: {error.read().decode(errors='replace')}"
        ) from error


def summary(result: dict[str, Any]) -> str:
    """Tell a result in one line."""
    sizes = " × ".join(f"{axis} {size}" for axis, size in result["dims"].items())
    names = ", ".join(variable["name"] for variable in result["variables"])
    return f"a {result['kind']} of {names} over {sizes} (digest {result['digest'][:12]})"


def test(python: Path, given: argparse.Namespace, have_pages: bool) -> int:
    """Run every check, or the comparison with the peers, and return the exit status."""
    if given.parity:
        return subprocess.call([str(python), "tests/parity/compare.py", "--peers", str(peers())], cwd=ROOT)
    options = (["--fast"] if given.fast else []) + (["--pages"] if have_pages else [])
    return subprocess.call([str(python), "tools/checks.py", *options], cwd=ROOT)


def digest(files: Iterable[Path]) -> str:
    """Return one hash of the names and contents of some files."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.relative_to(ROOT).as_posix().encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"absent")
    return whole.hexdigest()


def run(command: list[str], folder: Path = ROOT) -> None:
    """Run a command there; a status other than 0 ends the set-up."""
    subprocess.run(command, cwd=folder, check=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    say(f"{what} …")
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")


def say(sentence: str) -> None:
    """Print a line at once."""
    encoding = sys.stdout.encoding or "utf-8"
    print(sentence.encode(encoding, errors="replace").decode(encoding), flush=True)


if __name__ == "__main__":
    sys.exit(main())
