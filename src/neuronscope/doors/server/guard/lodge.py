"""What do the guard's own routes work with? The keys, the sessions and the record of one server."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from neuronscope.custody import TokenTable
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.guard.recorder import Recorder


@dataclass(frozen=True)
class Lodge:
    """What the guard of one server keeps between requests."""

    access: Access
    tokens: TokenTable
    audit: Recorder


async def _lodge(request: Request) -> Lodge:
    return request.app.state.lodge


AtLodge = Annotated[Lodge, Depends(_lodge)]
