"""What has been answered before, and how is room made?"""

import argparse
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from neuronscope.doors.command_line.printing import as_json, plainly, put, said
from neuronscope.results import Entry, open_store, provenance

MEGABYTE = 1e6


def listed(given: argparse.Namespace) -> int:
    """Print every stored result, the newest first."""
    entries = open_store().ls()
    if given.json:
        as_json([asdict(entry) for entry in entries])
        return 0
    if not entries:
        plainly("Nothing is stored yet.")
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("digest", no_wrap=True)
    table.add_column("created", no_wrap=True)
    table.add_column("MB", justify="right")
    table.add_column("question")
    for entry in entries:
        created = entry.created[:16].replace("T", " ")
        table.add_row(entry.digest, created, _megabytes(entry.bytes), Text(entry.title))
    put(table)
    said(f"{_counted(len(entries))}, {_megabytes(sum(entry.bytes for entry in entries))} MB.")
    return 0


def shown(given: argparse.Namespace) -> int:
    """Print what one stored result is and where it came from."""
    store = open_store()
    entry = store.show(given.digest)
    facts = provenance(store.open(given.digest))
    if given.json:
        as_json({**asdict(entry), "provenance": facts})
        return 0
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _lines(entry, facts):
        table.add_row(name, Text(value))
    put(table)
    return 0


def removed(given: argparse.Namespace) -> int:
    """Remove results, all of them or, where one is not there, none."""
    store = open_store()
    for digest in given.digests:
        store.show(digest)
    for digest in given.digests:
        for entry in store.rm(digest):
            plainly(f"Removed {entry.digest}: {entry.title}")
    return 0


def collected(given: argparse.Namespace) -> int:
    """Make room: leftovers of broken runs always, old results where asked."""
    keep = None if given.keep is None else int(given.keep * MEGABYTE)
    freed = open_store().gc(older_than_days=given.days, keep_bytes=keep, set_aside=given.set_aside)
    if given.json:
        as_json(asdict(freed))
        return 0
    leftovers = "1 leftover" if freed.leftovers == 1 else f"{freed.leftovers} leftovers"
    plainly(f"Removed {_counted(len(freed.entries))} and {leftovers}, {_megabytes(freed.bytes)} MB.")
    return 0


def _lines(entry: Entry, facts: dict) -> list[tuple[str, str]]:
    arguments = {**{name: model["name"] for name, model in facts["models"].items()}, **facts["arguments"]}
    lines = [
        ("digest", entry.digest),
        ("analysis", f"{facts['analysis']}, version {facts['version']}"),
        ("kind", entry.kind),
        *((name, str(value)) for name, value in arguments.items()),
        *((f"fingerprint of {name}", model["fingerprint"]) for name, model in facts["models"].items()),
        *(("made from", digest) for digest in _parents(facts["parents"])),
        ("created", entry.created),
        ("took", "unknown" if facts["seconds"] is None else f"{facts['seconds']:.2f} s"),
        ("size", f"{_megabytes(entry.bytes)} MB"),
        ("packages", ", ".join(f"{name} {version}" for name, version in facts["packages"].items())),
    ]
    return lines


def _parents(parents: dict[str, str] | list[str]) -> list[str]:
    return list(parents.values()) if isinstance(parents, dict) else parents


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.2f}"


def _counted(results: int) -> str:
    return "1 result" if results == 1 else f"{results} results"
