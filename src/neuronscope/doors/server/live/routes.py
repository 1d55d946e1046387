"""How does one watch a model write, and take a hand in it? Routes of streams and replays."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from neuronscope import catalogue
from neuronscope.doors.server import answers
from neuronscope.doors.server.desk import AtDesk, Desk, troubles
from neuronscope.doors.server.live import frames
from neuronscope.doors.server.live.recording import NAME, Replay
from neuronscope.doors.server.live.stream import Stream
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import LANES, MOST_WAITING, Busy, Full
from neuronscope.doors.server.work.question import question
from neuronscope.instruments import interventions
from neuronscope.words import BadInput, Prompt, Seed
from neuronscope.words.predictions import (
    ActivationDetail,
    CandidateCount,
    EndTokens,
    NewTokens,
    Temperature,
    TopShare,
    WithPatterns,
)

MOST_STREAMS = 100
STREAM = "x-neuronscope-stream"
JOB = "x-neuronscope-job"

router = APIRouter(tags=["streams"])


class FrameResponse(StreamingResponse):
    """Frames, one after another."""

    media_type = frames.MEDIA


class StreamBody(BaseModel, extra="forbid"):
    """What a model is to go on from, how, and what of it is to be seen."""

    model: str
    prompt: Prompt
    n_tokens: NewTokens = 32
    temperature: Temperature = 0.0
    top_p: TopShare = 1.0
    seed: Seed = 0
    stop: EndTokens = ()
    candidates: CandidateCount = 5
    detail: ActivationDetail = "int8"
    patterns: WithPatterns = False
    do: list[str] = Field(default=[], max_length=1000, description="Interventions, as they are written.")
    device: str = "cpu"
    dtype: str = "float32"
    label: str = Field(default="", max_length=200, description="Tells streams side by side apart.")
    record: bool = Field(
        default=True, description="Store it as the result of `generation`; else nothing is kept."
    )
    paused: bool = Field(default=False, description="Wait for resume or step before the first token.")


class ControlBody(BaseModel, extra="forbid"):
    """What a stream is to do."""

    action: Literal["pause", "resume", "step", "stop", "steer"]
    do: list[str] = Field(
        default=[], max_length=1000, description="Interventions in force from the next token on, to steer."
    )


class StreamState(BaseModel):
    """What a stream was last told to do."""

    id: str
    job: str
    state: Literal["running", "paused", "stopped"]


class Streams:
    """The streams of one server by their ids; long ended ones are forgotten."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, tuple[Stream, str]] = OrderedDict()

    def add(self, stream: Stream, job: str) -> None:
        """Remember a stream and the job that works for it."""
        self._streams[stream.id] = stream, job
        while len(self._streams) > MOST_STREAMS:
            self._streams.popitem(last=False)

    def find(self, stream_id: str) -> tuple[Stream, str]:
        """Return a stream and its job; raises a 404 where there is none."""
        try:
            return self._streams[stream_id]
        except KeyError:
            raise HTTPException(
                404, f"There is no stream {stream_id!r}; those that ended long ago are forgotten."
            ) from None


FRAMES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": frames.Frame,
        "description": "Frames: u32 header length, u32 payload length, a JSON header of this shape padded "
        "with spaces to a multiple of eight bytes, then the arrays that its blocks name.",
    }
}


async def _streams(request: Request) -> Streams:
    return request.app.state.streams


AtStreams = Annotated[Streams, Depends(_streams)]


@router.post("/streams", response_class=FrameResponse, responses=FRAMES | troubles(413, 422, 429))
async def open_stream(
    body: StreamBody,
    desk: AtDesk,
    streams: AtStreams,
    fail_if_busy: Annotated[
        bool, Query(description="Refuse with 429 rather than wait in the queue.")
    ] = False,
) -> StreamingResponse:
    """Let a model write and stream what every neuron does, token by token, the prompt's first.

    The stream is a job beside the questions, which go on meanwhile. A few run at once, further ones wait
    their turn, and each ends as the result of `generation`.
    """
    definition = await run_in_threadpool(catalogue.find, NAME)
    given = body.model_dump(mode="json", exclude_unset=True, exclude={"label", "record", "paused"})
    asked = {"detail": body.detail, **given}
    job = await run_in_threadpool(question, definition, asked, name=NAME, reach=desk.jobs.reach)
    if body.do:
        interventions.read(body.do)
    stream = Stream(
        label=body.label,
        recorded=body.record,
        asked=asked,
        twin=desk.shelf.twin,
        listen=job.listen,
        noted=lambda became: desk.jobs.became(job, became),
    )
    job.work, job.kept = stream.work, body.record
    job.beside, job.wake = True, stream.control.stop
    if body.paused:
        stream.control.pause()
    try:
        await run_in_threadpool(desk.jobs.add, job, only_if_free=fail_if_busy)
    except Full:
        raise HTTPException(
            429, f"{MOST_WAITING} questions wait already; ask again once some of them are answered."
        ) from None
    except Busy:
        raise HTTPException(
            429, f"{LANES['beside']} streams are open already; end one, or leave fail_if_busy out to wait."
        ) from None
    streams.add(stream, job.id)
    return FrameResponse(_watched(stream, job, desk), headers={STREAM: stream.id, JOB: job.id})


async def _watched(stream: Stream, job: Job, desk: Desk) -> AsyncIterator[bytes]:
    """Yield the frames of a stream; a client that goes away ends it."""
    ended = asyncio.create_task(_ended(stream, job))
    try:
        async for some in stream.outlet.read():
            yield some
    finally:
        ended.cancel()
        desk.jobs.cancel(job)


async def _ended(stream: Stream, job: Job) -> None:
    """Close the stream of a job that ended before it could say a word."""
    async for _ in job.follow():
        pass
    if not stream.outlet.closed:
        stream.say(frames.ErrorFrame(detail="The stream was cancelled before it began.", status=409))
        stream.outlet.close()


@router.post("/streams/{stream_id}/control", responses=troubles(404, 422))
def control_stream(stream_id: str, body: ControlBody, streams: AtStreams) -> StreamState:
    """Pause a stream, let it go on or one token further, end it, or steer it from the next token on."""
    stream, job = streams.find(stream_id)
    if body.action == "steer":
        stream.control.steer(interventions.read(body.do))
    elif body.do:
        raise BadInput(f"{body.action} takes no do; send interventions with the action steer.")
    else:
        getattr(stream.control, body.action)()
    return StreamState(id=stream.id, job=job, state=stream.control.state)


@router.get("/results/{digest}/frames", response_class=FrameResponse, responses=FRAMES | troubles(404, 422))
def replay_frames(
    digest: str,
    desk: AtDesk,
    start: Annotated[int, Query(ge=0, description="First position.")] = 0,
    end: Annotated[int | None, Query(ge=0, description="Position to end before; all unless you say.")] = None,
) -> StreamingResponse:
    """Replay a stored generation as the frames that were seen live; no model is opened."""
    replay = Replay(answers.stored(desk.store, digest), digest=desk.store.show(digest).digest)
    positions = range(len(replay))[start:end]
    if not positions:
        raise BadInput(f"start={start} and end={end} hold no token; there are {len(replay)}, from 0.")
    return FrameResponse(_replayed(replay, positions))


def _replayed(replay: Replay, positions: range) -> Iterator[bytes]:
    yield replay.start()
    yield from replay.tokens(positions)
    yield replay.end()
