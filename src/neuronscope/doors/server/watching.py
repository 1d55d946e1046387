"""Where are alerts seen and rules changed? Routes of metrics, alerts, monitors and memory."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from neuronscope.doors.server.desk import AtDesk, Desk, troubles
from neuronscope.doors.server.watch import bodies
from neuronscope.doors.server.watch.ledger import Row
from neuronscope.doors.server.watch.metrics import MEDIA, model_bytes
from neuronscope.doors.server.watch.monitor import Standing, sentence
from neuronscope.doors.server.watch.readings import disk_free, held_bytes, machine_bytes
from neuronscope.doors.server.watch.rules import WATCHED, Rule
from neuronscope.words import BadInput

MOST_ROWS = 500
LARGEST_NUMBER = 2**62
FIRST = {"firing": 0, "pending": 1, "calm": 2}

metrics = APIRouter(include_in_schema=False)
router = APIRouter(tags=["alerts"])
admin = APIRouter(prefix="/admin", tags=["admin"])


@metrics.get("/metrics")
def show_metrics(desk: AtDesk) -> Response:
    """Return the numbers of this server in the text format of Prometheus."""
    return Response(desk.metrics.text(), media_type=MEDIA, headers={"cache-control": "no-store"})


@router.get("/alerts")
def list_alerts(desk: AtDesk) -> bodies.Alerts:
    """Return every rule and where it stands, those that fire first."""
    return _alerts(desk)


@router.post("/alerts/check", status_code=202, responses=troubles(413))
async def check_alerts(asked: bodies.ToCheck, desk: AtDesk) -> bodies.Alerts:
    """Look now; models are asked at the end of the queue, and their alerts say ``checking`` until then."""
    desk.monitor.want(asked.rules)
    await run_in_threadpool(desk.monitor.look)
    return await run_in_threadpool(_alerts, desk)


@router.get("/alerts/history")
def list_alert_history(
    desk: AtDesk,
    rule: Annotated[str | None, Query(description="Only what happened to this rule.")] = None,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER, description="Only rows below.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
) -> bodies.AlertHistory:
    """Return what happened to alerts, newest first; ``before`` of a reply asks for the page after."""
    rows = desk.monitor.history(rule=rule, before=before, limit=limit + 1)
    onward = rows[limit - 1].number if len(rows) > limit else None
    return bodies.AlertHistory(rows=[_event(row) for row in rows[:limit]], before=onward)


@router.post("/alerts/{rule}/acknowledge", responses=troubles(404))
def acknowledge_alert(rule: str, request: Request, desk: AtDesk) -> bodies.Alert:
    """Note that somebody has seen an alert; it goes on until its value is back."""
    _named(rule, desk)
    desk.monitor.acknowledge(rule, request.scope["actor"]["name"])
    return _alert(_named(rule, desk))


@admin.get("/monitors")
def list_monitors(desk: AtDesk) -> bodies.Monitors:
    """Return the rules as they were written, where each stands, and what can be watched."""
    monitor = desk.monitor
    return bodies.Monitors(
        file=str(monitor.file),
        written=monitor.file.is_file(),
        trouble=monitor.trouble,
        check_minutes=monitor.book.check_minutes,
        webhooks=sorted(monitor.book.webhooks),
        metrics=[
            bodies.MetricHelp(
                name=name,
                title=one.title,
                unit=one.unit,
                help=one.help,
                above=one.above,
                needs=list(one.needs),
                takes=list(one.takes),
            )
            for name, one in WATCHED.items()
        ],
        rules=[_monitored(one, desk) for one in monitor.standings()],
    )


@admin.put("/monitors/{name}", responses=troubles(413))
def put_monitor(name: str, rule: Rule, desk: AtDesk) -> bodies.MonitorRule:
    """Add a rule or change the one of this name, and write the file; addresses stay those of the file."""
    if rule.name != name:
        raise BadInput(f"The rule in the body is called {rule.name!r} and the address says {name!r}.")
    desk.monitor.put(rule)
    return _monitored(_named(name, desk), desk)


@admin.delete("/monitors/{name}", status_code=204, responses=troubles(404))
def remove_monitor(name: str, desk: AtDesk) -> None:
    """Take a rule out and write the file; its history stays."""
    if not desk.monitor.remove(name):
        raise _unknown(name)


@admin.get("/memory")
def show_memory(desk: AtDesk) -> bodies.Memory:
    """Return what the server holds, and the models that it keeps open."""
    busy = {place for job in desk.jobs.all() if not job.ended for place in job.places}
    return bodies.Memory(
        process_bytes=held_bytes(),
        machine_bytes=machine_bytes(),
        store_bytes=sum(entry.bytes for entry in desk.store.ls()),
        disk_free_bytes=disk_free(desk.store.folder),
        models=[
            bodies.OpenModel(
                model=place[0],
                device=place[1],
                dtype=place[2],
                bytes=model_bytes(model),
                last_used=_time(used) or "",
                busy=place in busy,
            )
            for place, model, used in desk.shelf.held()
        ],
    )


@admin.post("/memory/close", responses=troubles(404, 413))
def close_model(asked: bodies.ToClose, desk: AtDesk) -> bodies.Memory:
    """Close a model; a question that uses it goes on, and the next one opens it again."""
    if not desk.shelf.drop((asked.model, asked.device, asked.dtype)):
        raise HTTPException(404, f"{asked.model!r} is not open on {asked.device} in {asked.dtype}.")
    return show_memory(desk)


def _alerts(desk: Desk) -> bodies.Alerts:
    found = sorted(map(_alert, desk.monitor.standings()), key=lambda one: FIRST[one.state])
    firing = sum(one.state == "firing" for one in found)
    return bodies.Alerts(alerts=found, firing=firing, trouble=desk.monitor.trouble)


def _alert(one: Standing) -> bodies.Alert:
    rule, state = one.rule, one.state
    return bodies.Alert(
        rule=rule.name,
        metric=rule.metric,
        model=rule.model,
        severity=rule.severity,
        state=state.standing,
        since=_time(state.since or None),
        text=sentence(rule, state),
        note=state.note,
        value=state.value,
        unit=WATCHED[rule.metric].unit,
        read=_time(state.read),
        threshold=rule.threshold,
        clear=rule.clears_at,
        paused=rule.paused,
        checking=one.checking,
        acknowledged_by=state.acknowledged_by,
        acknowledged=_time(state.acknowledged),
    )


def _monitored(one: Standing, desk: Desk) -> bodies.MonitorRule:
    past = [
        bodies.PastReading(time=_time(time) or "", value=value)
        for time, value in desk.monitor.past(one.rule.name)
    ]
    return bodies.MonitorRule(rule=one.rule, alert=_alert(one), readings=past)


def _event(row: Row) -> bodies.AlertEvent:
    return bodies.AlertEvent(
        number=row.number,
        time=_time(row.time) or "",
        rule=row.rule,
        event=row.event,
        severity=row.severity,  # pyright: ignore[reportArgumentType]
        value=row.value,
        threshold=row.threshold,
        text=row.text,
        actor=row.actor,
        delivery=row.delivery,
    )


def _named(name: str, desk: Desk) -> Standing:
    found = desk.monitor.standing(name)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> HTTPException:
    return HTTPException(404, f"There is no rule {name!r}; /api/v1/alerts lists them.")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
