"""What can be asked? Read from the forms alone, so that it is there at once."""

import argparse
import json
import sys
from itertools import groupby
from typing import Any

from neuronscope import catalogue
from neuronscope.doors.command_line.parser import described

TITLES = {"ask": "ask", "make": "make (trains or builds something, into a folder)"}


def listed(given: argparse.Namespace) -> int:
    """Print the name and the summary of every analysis and maker, by wing."""
    forms = catalogue.forms()
    if given.json:
        sys.stdout.write(f"{json.dumps(forms, indent=1, ensure_ascii=False)}\n")
        return 0
    for place, (sort, of_sort) in enumerate(groupby(forms, lambda form: form["sort"])):
        sys.stdout.write("\n" * bool(place) + f"{TITLES[sort]}\n")
        for wing, of_wing in groupby(of_sort, lambda form: form["wing"]):
            sys.stdout.write(f"\n  {wing}\n")
            sys.stdout.writelines(_line(form) for form in of_wing)
    sys.stdout.write("\n'neuronscope ask NAME --help', or 'make', says what each takes.\n")
    return 0


def _line(form: dict[str, Any]) -> str:
    return f"{described(form['command'], form['summary'], indent=4)}\n"
