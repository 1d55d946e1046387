"""Pack the workbench into the wheel, and build it first where that is still to do.

``NEURONSCOPE_WORKBENCH=require`` turns a wheel without a workbench from a warning into a failure.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WorkbenchHook(BuildHookInterface[Any]):
    """Make sure that what is packed has the pages that ``neuronscope open`` serves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the workbench if it is missing and can be built; an editable install needs none."""
        if version == "editable":
            return
        root = Path(self.root)
        page = root / "src" / "neuronscope" / "workbench" / "index.html"
        npm = shutil.which("npm")
        if not page.exists() and npm and (root / "workbench" / "package.json").exists():
            for step in (["ci"], ["run", "build"]):
                subprocess.run([npm, *step], cwd=root / "workbench", check=True)
        if page.exists():
            return
        missing = "The workbench is not built: run `npm ci && npm run build` in workbench/ first."
        if os.environ.get("NEURONSCOPE_WORKBENCH") == "require":
            raise FileNotFoundError(missing)
        self.app.display_warning(f"{missing} This package will have no pages to open.")
