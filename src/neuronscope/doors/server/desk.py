"""What do the routes work with? One desk a server: who may ask, the queue, the open models, the store."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from neuronscope.doors.server.bodies import Trouble
from neuronscope.doors.server.files import Files
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.guard.recorder import Recorder
from neuronscope.doors.server.watch.metrics import Metrics
from neuronscope.doors.server.watch.monitor import Monitor
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.keeping import KeepingStore
from neuronscope.doors.server.work.shelf import Shelf


@dataclass(frozen=True)
class Desk:
    """What one server keeps between requests."""

    access: Access
    audit: Recorder
    store: KeepingStore
    shelf: Shelf
    jobs: Jobs
    files: Files
    monitor: Monitor
    metrics: Metrics


# A plain function would be sent to another thread and back, for every request.
async def _desk(request: Request) -> Desk:
    return request.app.state.desk


AtDesk = Annotated[Desk, Depends(_desk)]


def troubles(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route for its OpenAPI entry."""
    return {status: {"model": Trouble} for status in statuses}
