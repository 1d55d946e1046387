"""Every reply names the build, and HEAD is GET without the body."""

import pytest
from fastapi.testclient import TestClient

from neuronscope.doors.server import pages


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/jobs", "/api/v1/none", "/", "/metrics"])
def test_every_reply_names_the_build_refusals_too(path: str, stranger: TestClient) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert stranger.request(method, path).headers["x-neuronscope-build"] == pages.build()


@pytest.mark.parametrize(
    "path", ["/health", "/models", "/jobs", "/results", "/results/none", "/capabilities"]
)
def test_the_head_is_that_of_get(path: str, client: TestClient) -> None:
    head, whole = client.head(f"/api/v1{path}"), client.get(f"/api/v1{path}")
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_a_stream_of_events_has_no_head_alone(client: TestClient) -> None:
    assert client.head("/api/v1/jobs/none/events").status_code == 405
