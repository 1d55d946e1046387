"""Metrics, alerts, monitors and memory over HTTP."""

from pathlib import Path

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.results import Store
from tests.doors.server.conftest import BEARER, PORT, TOKEN, wait_for

ALWAYS = {"name": "always", "metric": "memory", "threshold": 0, "clear": 0, "severity": "critical"}


def measured(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample of the metrics by its name and labels."""
    reply = client.get("/metrics")
    assert reply.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def value(samples: dict, name: str, **labels: str) -> float:
    """Return one sample."""
    return samples[name, frozenset(labels.items())]


def test_metrics_need_a_key(stranger: TestClient) -> None:
    assert stranger.get("/metrics").status_code == 401
    stranger.headers.update(BEARER)
    samples = measured(stranger)
    assert value(samples, "neuronscope_sign_in_refusals_total") == 1
    assert value(samples, "neuronscope_requests_total", method="GET", route="none", status="401") == 1


def test_what_happened_is_counted(client: TestClient, tiny_model: str) -> None:
    client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3})
    client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3})
    client.post("/api/v1/analyses/failing?wait=20", json={})
    client.post("/api/v1/analyses/widths?wait=0", json={"model": tiny_model})
    held = client.post("/api/v1/analyses/held?wait=0", json={}).json()
    wait_for(client, held, state="running")
    samples = measured(client)
    assert value(samples, "neuronscope_jobs_ended_total", state="done") == 1
    assert value(samples, "neuronscope_jobs_ended_total", state="failed") == 1
    assert value(samples, "neuronscope_analysis_seconds_count", analysis="squares") == 1
    assert value(samples, "neuronscope_jobs", state="running") >= 1
    route = "/api/v1/analyses/{name}"
    assert value(samples, "neuronscope_requests_total", method="POST", route=route, status="200") == 2
    assert value(samples, "neuronscope_requests_total", method="POST", route=route, status="500") == 1
    assert value(samples, "neuronscope_store_results") == 1
    assert value(samples, "neuronscope_store_bytes") > 0
    assert value(samples, "neuronscope_memory_bytes") > 1e6


def test_names_in_addresses_make_no_lines_of_their_own(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        client.get(f"/api/v1/results/{name * 8}")
        client.get(f"/some/{name}")
        client.request(f"ODD{name.upper()}", "/api/v1/jobs")
    routes = {dict(labels).get("route") for name, labels in measured(client) if "requests" in name}
    assert "/api/v1/results/{digest}" in routes
    assert not any("aaaa" in str(route) or "/some/a" in str(route) for route in routes)
    methods = {dict(labels).get("method") for name, labels in measured(client) if "requests" in name}
    assert methods <= {"GET", "other"}


def test_two_servers_count_for_themselves(client: TestClient, tmp_path: Path) -> None:
    app = create_app(access=Access(port=PORT, token=TOKEN), store=Store(tmp_path / "other"))
    client.post("/api/v1/analyses/squares?wait=20", json={})
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=BEARER) as other:
        assert value(measured(other), "neuronscope_jobs_ended_total", state="done") == 0
    assert value(measured(client), "neuronscope_jobs_ended_total", state="done") == 1


def test_an_alert_is_raised_shown_acknowledged_and_cleared(client: TestClient) -> None:
    assert client.put("/api/v1/admin/monitors/always", json=ALWAYS).status_code == 200
    seen = client.post("/api/v1/alerts/check", json={}).json()
    assert seen["firing"] == 1
    assert seen["alerts"][0]["rule"] == "always"
    assert seen["alerts"][0]["state"] == "firing"
    assert value(measured(client), "neuronscope_alert_state", rule="always", severity="critical") == 2
    done = client.post("/api/v1/alerts/always/acknowledge").json()
    assert done["acknowledged_by"] is not None
    calmer = {**ALWAYS, "threshold": 1, "clear": 1}
    client.put("/api/v1/admin/monitors/always", json=calmer)
    assert client.post("/api/v1/alerts/check", json={"rules": ["always"]}).json()["firing"] == 0
    rows = client.get("/api/v1/alerts/history?rule=always").json()["rows"]
    assert [row["event"] for row in rows] == ["cleared", "acknowledged", "fired"]
    assert client.delete("/api/v1/admin/monitors/always").status_code == 204
    assert "always" not in [one["rule"] for one in client.get("/api/v1/alerts").json()["alerts"]]


def test_history_comes_in_pages(client: TestClient) -> None:
    client.put("/api/v1/admin/monitors/always", json=ALWAYS)
    client.post("/api/v1/alerts/check", json={})
    client.post("/api/v1/alerts/always/acknowledge")
    first = client.get("/api/v1/alerts/history?limit=1").json()
    second = client.get(f"/api/v1/alerts/history?limit=1&before={first['before']}").json()
    assert [page["rows"][0]["event"] for page in (first, second)] == ["acknowledged", "fired"]
    assert second["before"] is None


def test_what_does_not_fire_cannot_be_acknowledged(client: TestClient) -> None:
    reply = client.post("/api/v1/alerts/memory-nearly-full/acknowledge")
    assert reply.status_code == 422
    assert "does not fire" in reply.json()["detail"]
    assert client.post("/api/v1/alerts/nobody/acknowledge").status_code == 404
    assert client.post("/api/v1/alerts/check", json={"rules": ["nobody"]}).status_code == 422


def test_a_rule_that_will_not_do_is_refused_and_nothing_is_written(client: TestClient, store: Store) -> None:
    for rule, words in (
        ({**ALWAYS, "clear": 5}, "clear=5 is above the threshold"),
        ({**ALWAYS, "webhook": "http://10.0.0.1/"}, "names the webhook"),
        ({**ALWAYS, "url": "http://10.0.0.1/"}, "url"),
        ({**ALWAYS, "name": "other"}, "the address says 'always'"),
        ({**ALWAYS, "metric": "drift"}, "drift needs a model"),
    ):
        reply = client.put("/api/v1/admin/monitors/always", json=rule)
        assert (reply.status_code, words in reply.json()["detail"]) == (422, True), reply.text
    assert not (store.folder / "alerts.yaml").exists()


def test_a_changed_rule_is_in_the_file_and_in_force_after_a_restart(client: TestClient, store: Store) -> None:
    client.put("/api/v1/admin/monitors/always", json=ALWAYS)
    client.post("/api/v1/alerts/check", json={})
    again = create_app(access=Access(port=PORT, token=TOKEN), store=Store(store.folder))
    with TestClient(again, base_url=f"http://127.0.0.1:{PORT}", headers=BEARER) as other:
        alerts = other.get("/api/v1/alerts").json()["alerts"]
        monitors = other.get("/api/v1/admin/monitors").json()
    assert (alerts[0]["rule"], alerts[0]["state"]) == ("always", "firing")
    assert monitors["written"]
    mine = next(one for one in monitors["rules"] if one["rule"]["name"] == "always")
    assert len(mine["readings"]) >= 1


def test_open_models_are_listed_and_closed(client: TestClient, tiny_model: str) -> None:
    client.post("/api/v1/tokens", json={"model": tiny_model, "text": "abc"})
    memory = client.get("/api/v1/admin/memory").json()
    assert [one["model"] for one in memory["models"]] == [tiny_model]
    # 2 layers of width 16 with 24 neurons, 200 positions, 256 tokens, tied: all in four bytes.
    blocks = 2 * (3 * 16 * 16 + 48 + 16 * 16 + 16 + 2 * 16 * 24 + 24 + 16 + 4 * 16)
    assert memory["models"][0]["bytes"] >= 4 * (blocks + 456 * 16 + 32)
    samples = measured(client)
    labels = {"model": tiny_model, "device": "cpu", "dtype": "float32"}
    assert value(samples, "neuronscope_model_memory_bytes", **labels) == memory["models"][0]["bytes"]
    closed = client.post("/api/v1/admin/memory/close", json={"model": tiny_model})
    assert closed.json()["models"] == []
    assert client.post("/api/v1/admin/memory/close", json={"model": tiny_model}).status_code == 404
