"""How does the workbench open? The server door is found by name, so that no door knows another."""

import argparse
from importlib import import_module

SERVER = "neuronscope.doors.server.serve"


def opened(given: argparse.Namespace) -> int:
    """Serve the workbench on a model until it is stopped."""
    import_module(SERVER).serve(
        given.model,
        port=given.port,
        host=given.host,
        allow_hosts=given.allow_host,
        insecure_no_auth=given.insecure_no_auth,
        files=given.files,
        open_browser=not given.no_browser,
        ready_file=given.ready_file,
        store_folder=None,
    )
    return 0
