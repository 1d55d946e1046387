"""The page is served, its link works once, and no other file is."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from neuronscope.doors.server import pages
from neuronscope.doors.server.guard.access import Access


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plant a built workbench, and a secret beside it."""
    folder = tmp_path / "workbench"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>built</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (folder / "assets" / "notes.py").write_text("hidden words")
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("hidden words")
    (folder / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(pages, "WORKBENCH", folder)
    return folder


@pytest.mark.parametrize("path", ["/", "/lab", "/lab?model=a.b&args={}", "/some/deep/page"])
def test_every_page_address_gives_the_one_page(path: str, stranger: TestClient, built: Path) -> None:
    reply = stranger.get(path)
    assert reply.status_code == 200
    assert "<title>built</title>" in reply.text
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["cache-control"] == "no-cache"


def test_assets_are_kept_for_ever_and_the_rest_is_checked_again(stranger: TestClient, built: Path) -> None:
    script = stranger.get("/assets/app-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    icon = stranger.get("/favicon.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert icon.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/%2fetc%2fpasswd.txt",
        "//etc/hosts.txt",
        "/assets/link.txt",
        "/assets/notes.py",
        "/assets/%00.js",
        "/assets/none.js",
        "/assets",
        "/assets/",
        "/none.js",
        "/.env",
    ],
)
def test_nothing_but_the_pages_own_files_is_served(path: str, stranger: TestClient, built: Path) -> None:
    reply = stranger.get(path)
    assert "hidden words" not in reply.text
    assert reply.status_code == 404 or "<title>built</title>" in reply.text
    if "." in path.rpartition("/")[2]:
        assert reply.status_code == 404


def test_an_unknown_api_address_is_no_page(client: TestClient, built: Path) -> None:
    reply = client.get("/api/v1/nothing")
    assert reply.status_code == 404
    assert reply.json()["detail"].startswith("There is nothing at /api/v1/nothing")


def test_without_a_build_the_page_says_how_to_make_one(
    stranger: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WORKBENCH", tmp_path / "none")
    reply = stranger.get("/")
    assert reply.status_code == 200
    assert "npm ci" in reply.text
    assert stranger.get("/api/v1/health").json()["build"] == "unbuilt"


def test_another_build_has_another_fingerprint(stranger: TestClient, built: Path) -> None:
    first = stranger.get("/api/v1/health").json()["build"]
    (built / "index.html").write_text("other")
    assert stranger.get("/api/v1/health").json()["build"] != first


def test_the_link_opens_a_session(stranger: TestClient, access: Access) -> None:
    reply = stranger.get(f"/login?code={access.code()}&next=%2Flab%3Fmodel%3Da")
    assert (reply.status_code, reply.headers["location"]) == (303, "/lab?model=a")
    cookie = reply.headers["set-cookie"]
    assert re.match(rf"{access.cookie}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict$", cookie)
    assert stranger.get("/api/v1/jobs").status_code == 200


def test_a_used_link_opens_nothing(stranger: TestClient, access: Access) -> None:
    code = access.code()
    assert stranger.get(f"/login?code={code}").status_code == 303
    stranger.cookies.clear()
    reply = stranger.get(f"/login?code={code}")
    assert reply.status_code == 401
    assert "set-cookie" not in reply.headers
    assert "used already" in reply.text
    assert stranger.get("/api/v1/jobs").status_code == 401


def test_a_used_link_still_leads_the_same_browser_to_its_page(stranger: TestClient, access: Access) -> None:
    code = access.code()
    stranger.get(f"/login?code={code}")
    reply = stranger.get(f"/login?code={code}&next=/lab")
    assert (reply.status_code, reply.headers["location"]) == (303, "/lab")
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("code", ["", "wrong", "%00", "é"])
def test_a_wrong_link_opens_nothing(code: str, stranger: TestClient) -> None:
    assert stranger.get(f"/login?code={code}").status_code == 401


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "evil",
        "/a\r\nx: y",
        "",
    ],
)
def test_the_link_leads_to_no_other_place(onward: str, stranger: TestClient, access: Access) -> None:
    reply = stranger.get("/login", params={"code": access.code(), "next": onward})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
