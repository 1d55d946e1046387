"""How do alerts reach people who are not looking? A message to an address of the rules file."""

import hashlib
import hmac
import json
import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from neuronscope.doors.server.watch.rules import Webhook
from neuronscope.results import log

PATIENCE = 5.0
"""Seconds that an address has to answer."""
PAUSES = (1.0, 5.0, 30.0)
"""Seconds between one try and the next."""
MOST_WAITING = 100
SIGNATURE = "X-NeuronScope-Signature"


@dataclass(frozen=True)
class Message:
    """What is sent where, and who wants to know what became of it."""

    webhook: Webhook
    body: Mapping[str, Any]
    told: Callable[[str], None]


class _Refuse(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: the rules file names the address, and no other server does."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Refuse, urllib.request.ProxyHandler({}))


class Postman:
    """A thread that sends messages one after another, so that whoever posts one never waits."""

    def __init__(self, pauses: Sequence[float] = PAUSES, patience: float = PATIENCE) -> None:
        self._pauses, self._patience = pauses, patience
        self._messages: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start the thread."""
        self._closing.clear()
        self._thread = threading.Thread(target=self._serve, name="webhooks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the try that is being made; what waits is not sent."""
        self._closing.set()
        with suppress(queue.Full):  # then the thread looks up after the message in hand
            self._messages.put_nowait(None)
        if self._thread is not None:
            self._thread.join(self._patience + 1)

    def post(self, message: Message) -> None:
        """Take a message; where too many wait, it is given up at once."""
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            message.told(f"not sent: {MOST_WAITING} messages wait")

    def _serve(self) -> None:
        while not self._closing.is_set():
            message = self._messages.get()
            if message is None:
                return
            try:
                message.told(self._deliver(message))
            except Exception:
                log.exception("A webhook failed")

    def _deliver(self, message: Message) -> str:
        trouble = ""
        for attempt, pause in enumerate((*self._pauses, None), start=1):
            trouble, lasting = send(message.webhook, message.body, patience=self._patience)
            if not trouble:
                return "delivered" if attempt == 1 else f"delivered at try {attempt}"
            if lasting or pause is None or self._closing.wait(pause):
                break
        log.warning("A webhook was not delivered: %s", trouble)
        return f"not delivered: {trouble}"


def send(webhook: Webhook, body: Mapping[str, Any], *, patience: float = PATIENCE) -> tuple[str, bool]:
    """Send a message once; return what went wrong, if anything, and whether trying again is in vain.

    With a secret, the header says ``sha256=`` and the HMAC of the body, by which the receiver knows it.
    """
    content = json.dumps(body, allow_nan=False).encode()
    headers = {"content-type": "application/json", "user-agent": "NeuronScope"}
    if webhook.secret_variable is not None:
        secret = os.environ.get(webhook.secret_variable)
        if not secret:
            return f"the environment variable {webhook.secret_variable} is not set", True
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}"
    request = urllib.request.Request(webhook.url, data=content, headers=headers, method="POST")
    try:
        with _OPENER.open(request, timeout=patience):
            return "", False
    except urllib.error.HTTPError as error:
        with error:
            return f"status {error.code}", error.code < 500 and error.code != 429
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or error) or type(error).__name__, False
