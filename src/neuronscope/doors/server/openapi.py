"""What does the server take and reply, for programs? ``python -m neuronscope.doors.server.openapi FILE``."""

import json
import sys
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.results import Store


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; it depends on the routes alone."""
    return create_app(access=Access(port=0), store=Store(Path(gettempdir()))).openapi()


def main(words: list[str]) -> int:
    """Write the document into the one file that is named, the same bytes for the same routes."""
    if len(words) != 1:
        sys.stderr.write("Give one file to write, such as workbench/openapi.json.\n")
        return 2
    text = json.dumps(openapi(), indent=1, sort_keys=True, ensure_ascii=False)
    Path(words[0]).write_text(text + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
