"""The log: one stdlib logger for the whole package, as loud as ``NEURONSCOPE_LOG`` says."""

import logging
import os

log = logging.getLogger("neuronscope")


def heed_environment(environment: dict[str, str] | None = None) -> None:
    """Set how loud the log is from ``NEURONSCOPE_LOG`` (debug, info, warning, error or a number).

    Unset leaves Python's own rule: warnings and errors reach stderr. A word that is no level is
    reported once and otherwise ignored, because a typo must not stop an analysis.
    """
    asked = (os.environ if environment is None else environment).get("NEURONSCOPE_LOG", "").strip()
    if not asked:
        return
    level = int(asked) if asked.isdigit() else logging.getLevelNamesMapping().get(asked.upper())
    if level is None:
        log.warning("NEURONSCOPE_LOG is %r; it takes debug, info, warning, error or a number.", asked)
        return
    log.setLevel(level)
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)


heed_environment()
