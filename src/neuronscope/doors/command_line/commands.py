"""Which commands are there, which options do they take, and which file obeys each?"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from neuronscope import catalogue
from neuronscope.doors.command_line import options
from neuronscope.doors.command_line.parser import WIDTH, Parser, described, filled
from neuronscope.words import BadInput, nearest

FORMATS = ".nc .zarr .csv .json .jsonl .npz .html .png .svg"
HERE = "neuronscope.doors.command_line"
FIRST = "builtin:scribe"


@dataclass(frozen=True)
class Command:
    """One command: what it is for, the function that obeys it, and the options that it takes."""

    summary: str
    obeyed_by: str
    fill: Callable[[Parser], object] = lambda parser: None
    examples: Sequence[str] = ()
    more: str = ""
    usage: str = ""
    parts: dict[str, "Command"] = field(default_factory=dict)


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="Print JSON.")


def _show(parser: Parser) -> None:
    parser.add_argument(
        "result", metavar="RESULT", help="A file (.nc .zarr .json .npz), or the start of a digest."
    )
    options.add_printing(parser, formats=FORMATS)


def _open(parser: Parser) -> None:
    parser.add_argument("model", metavar="MODEL", nargs="?", default=FIRST, help=f"{FIRST} unless you say.")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="Port; a free one unless you say.")
    parser.add_argument("--no-browser", action="store_true", help="Print the address, open no browser.")
    parser.add_argument(
        "--ready-file", metavar="FILE", help="Write the address here once the server answers."
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="Where to listen; this machine alone unless you say. Others need tokens first.",
    )
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="Answer requests under this name too; say it once for each name.",
    )
    parser.add_argument(
        "--files",
        metavar="FOLDER",
        action="append",
        default=[],
        help="Let questions name files in this folder, and none elsewhere; say it once for each.",
    )
    parser.add_argument(
        "--insecure-no-auth", action="store_true", help="Let everybody in without a key. Do not."
    )


def _token(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="Whose key, or what for.")
    parser.add_argument(
        "--role", metavar="ROLE", default="viewer", help="viewer, analyst or admin; viewer unless you say."
    )
    parser.add_argument(
        "--scopes", metavar="LIST", help="Of read,export,run,manage; all of the role's unless you say."
    )
    parser.add_argument(
        "--models", metavar="PATTERN", help="Models that it may run, such as 'builtin:*'; any unless you say."
    )
    parser.add_argument("--days", metavar="N", type=float, help="Expire after so many days.")
    _json(parser)


def _revoked(parser: Parser) -> None:
    parser.add_argument("token", metavar="TOKEN", help="The name or id of the token.")


def _verify(parser: Parser) -> None:
    parser.add_argument(
        "--noted", metavar="N:DIGEST", help="A head that you noted down earlier; it must still be there."
    )
    _json(parser)


def _audit(parser: Parser) -> None:
    parser.add_argument("--actor", metavar="NAME", help="Only what this one did.")
    parser.add_argument("--action", metavar="WORD", help="Only this, such as login or refused.")
    parser.add_argument("--last", metavar="N", type=int, default=50, help="So many rows; 50 unless you say.")
    _json(parser)


def _fetch(parser: Parser) -> None:
    parser.add_argument("model", metavar="MODEL", help="Hugging Face id, such as openai-community/gpt2.")
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", help="Where to; a folder of its name here unless you say."
    )


def _certify(parser: Parser) -> None:
    parser.add_argument("model", metavar="MODEL", help="Built-in model, local folder or Hugging Face id.")
    parser.add_argument("--device", metavar="NAME", help="Such as cpu, cuda or mps; cpu unless you say.")
    parser.add_argument(
        "--dtype", metavar="WORD", help=f"Precision: {', '.join(options.DTYPES)}; float32 unless you say."
    )
    _json(parser)


def _digest(parser: Parser) -> None:
    parser.add_argument("digest", metavar="DIGEST", help="The start of the result's digest.")
    _json(parser)


def _digests(parser: Parser) -> None:
    parser.add_argument("digests", metavar="DIGEST", nargs="+", help="The start of a result's digest.")


def _gc(parser: Parser) -> None:
    parser.add_argument("--days", metavar="N", type=float, help="Remove answers not used for so many days.")
    parser.add_argument("--keep", metavar="MB", type=float, help="Keep the last used up to so many MB.")
    parser.add_argument("--set-aside", action="store_true", help="Remove damaged answers too.")
    _json(parser)


def _batch(parser: Parser) -> None:
    parser.add_argument("chain", metavar="FILE.yaml", help="The questions; docs/chains.md says how.")
    parser.add_argument("--out", metavar="FOLDER", help="Results folder; FILE unless you say.")
    parser.add_argument(
        "--workers", metavar="N", type=int, default=1, help="Processes at once; 1 unless you say."
    )
    parser.add_argument("--plan", action="store_true", help="Say what would be asked, and ask nothing.")
    _json(parser)


def _compare(parser: Parser) -> None:
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", help="Results folders of one recipe, two or more."
    )
    parser.add_argument(
        "--out", metavar="FILE.html", default="compare.html", help="The page; compare.html unless you say."
    )


STORE = {
    "ls": Command("List what is stored, newest first.", f"{HERE}.storing:listed", _json),
    "show": Command("Say what one result is and where it came from.", f"{HERE}.storing:shown", _digest),
    "rm": Command("Remove results.", f"{HERE}.storing:removed", _digests),
    "gc": Command("Remove leftovers, and old answers if you say which.", f"{HERE}.storing:collected", _gc),
}

TOKEN = {
    "create": Command(
        "Make a token and print its secret, this once.",
        f"{HERE}.guarding:created",
        _token,
        ["neuronscope token create ann --role analyst --days 90"],
    ),
    "list": Command("List the tokens, newest first.", f"{HERE}.guarding:listed", _json),
    "revoke": Command("Revoke a token, at once.", f"{HERE}.guarding:revoked", _revoked),
}

AUDIT = {
    "verify": Command("Say whether the record is as it was written.", f"{HERE}.guarding:verified", _verify),
    "show": Command("Show what was done and refused, newest first.", f"{HERE}.guarding:shown", _audit),
}

COMMANDS = {
    "open": Command(
        "Open the workbench, a page in your browser, on a model.",
        f"{HERE}.opening:opened",
        _open,
        ["neuronscope open", "neuronscope open ./my-model --port 8765 --no-browser"],
    ),
    "list": Command("List what can be asked.", f"{HERE}.listing:listed", _json),
    "ask": Command(
        "Ask a model one question and print or write the answer.",
        f"{HERE}.asking:asked",
        examples=[
            'neuronscope ask logit-lens --model builtin:scribe --prompt "Paris is in"',
            "neuronscope ask logit-lens --help",
        ],
        more="'neuronscope list' shows the names; each takes options of its own.",
        usage="ask NAME",
    ),
    "make": Command(
        "Train or build something about a model, into a folder.",
        f"{HERE}.asking:made",
        more="Each takes options of its own: 'neuronscope make NAME --help'.",
        usage="make NAME",
    ),
    "recipe": Command(
        "Follow a guided chain of questions, with prose and checks.",
        f"{HERE}.chaining:guided",
        _json,
        examples=[
            "neuronscope recipe",
            "neuronscope recipe induction --model builtin:scribe --out induction",
            "neuronscope recipe induction --copy mine.yaml",
        ],
        more="Without a name it lists the recipes. 'neuronscope recipe NAME --help' shows the steps and "
        "parameters of one; a file of your own that ends in .yaml is a recipe too.",
        usage="recipe NAME",
    ),
    "batch": Command(
        "Ask many questions about many prompts or corpora, into one folder.",
        f"{HERE}.chaining:batched",
        _batch,
        ["neuronscope batch questions.yaml --out results --workers 2"],
    ),
    "compare": Command(
        "Set what a recipe found for two models side by side, on one page.",
        f"{HERE}.chaining:compared",
        _compare,
        ["neuronscope compare ./gpt2 ./neox --out compare.html"],
    ),
    "show": Command(
        "Show an answer again, or write it in another form.",
        f"{HERE}.asking:shown",
        _show,
        ["neuronscope show lens.nc --at rank=2", "neuronscope show 3f9a --out lens.png"],
    ),
    "models": Command("List the models that are at hand.", f"{HERE}.shelf:listed", _json),
    "fetch": Command(
        "Download a model into a folder, to be opened without a network.", f"{HERE}.shelf:fetched", _fetch
    ),
    "certify": Command(
        "Test which places of a model can be read and written exactly.", f"{HERE}.shelf:certified", _certify
    ),
    "store": Command("Look after the stored answers.", "", usage="store ls|show|rm|gc", parts=STORE),
    "token": Command("Give others keys to the server.", "", usage="token create|list|revoke", parts=TOKEN),
    "audit": Command("Read and verify what the server recorded.", "", usage="audit verify|show", parts=AUDIT),
}


def understand(words: Sequence[str]) -> tuple[str, argparse.Namespace]:
    """Return the function that obeys the words, as ``module:function``, and the options given.

    Raises ``BadInput`` on a command or an option that there is not, ``SystemExit`` after help.
    """
    name, rest = words[0], list(words[1:])
    command = _chosen("command", name, COMMANDS)
    prog = f"neuronscope {name}"
    if name in {"ask", "make"}:
        return _formed(name, command, rest)
    if name == "recipe" and rest and not rest[0].startswith("-"):
        return command.obeyed_by, argparse.Namespace(words=rest)
    if command.parts:
        if not rest or rest[0] in {"-h", "--help"}:
            _parser(prog, command).read(["--help"])
        part = _chosen(f"{name} command", rest[0], command.parts)
        return part.obeyed_by, _parser(f"{prog} {rest[0]}", part).read(rest[1:])
    return command.obeyed_by, _parser(prog, command).read(rest)


def overview() -> str:
    """Return the help of the whole command."""
    lines = [
        "usage: neuronscope COMMAND ...",
        "",
        "See, test and change what neurons compute.",
        "",
        "commands:",
        *_table(COMMANDS),
        "",
        "'neuronscope COMMAND --help' says more; 'neuronscope --version' the version.",
    ]
    return "\n".join(lines)


def _table(commands: dict[str, Command]) -> list[str]:
    return [f"  {name:<9}{command.summary}"[:WIDTH] for name, command in commands.items()]


def _chosen(what: str, name: str, known: dict[str, Command]) -> Command:
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(known)}."
        raise BadInput(f"There is no {what} {name!r}{hint}")
    return known[name]


def _parser(prog: str, command: Command) -> Parser:
    parser = Parser(prog, command.summary, more=command.more, examples=command.examples)
    if command.parts:
        parser.usage = f"{prog} {'|'.join(command.parts)} ..."
        parser.epilog = "\n".join(["commands:", *_table(command.parts)])
    if command.usage.endswith("NAME"):
        parser.usage = f"{prog} NAME [--OPTION VALUE ...]"
    command.fill(parser)
    return parser


def _formed(sort: str, command: Command, words: list[str]) -> tuple[str, argparse.Namespace]:
    prog = f"neuronscope {sort}"
    forms = [form for form in catalogue.forms() if form["sort"] == sort]
    if words[:1] in (["-h"], ["--help"]):
        parser = _parser(prog, command)
        if sort == "make":
            lines = [described(form["command"], form["summary"], indent=2) for form in forms]
            parser.epilog = "\n".join(["what can be made:", *lines])
        parser.read(["--help"])
    if not words or words[0].startswith("-"):
        raise BadInput(f"Say which right after '{sort}', such as 'neuronscope {sort} {forms[0]['command']}'.")
    form = catalogue.form(words[0])
    if form["sort"] != sort:
        raise BadInput(f"{form['command']} is not for '{sort}'; say 'neuronscope {form['sort']} {words[0]}'.")
    parser = Parser(f"{prog} {form['command']}", form["summary"], more=form["help"])
    parser.usage = filled(f"{parser.prog} {options.needed(form)}[--OPTION VALUE ...]", indent="    ")
    options.add_form(parser, form)
    if sort == "ask":
        options.add_printing(parser, formats=FORMATS)
        parser.also.add_argument(
            "--no-store", action="store_true", help="Compute it afresh and store nothing."
        )
    given = parser.read(words[1:])
    given.form = form
    return command.obeyed_by, given
