"""The replica of the Met's service does what the museum's users have reported of the real one."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from email.message import Message

from PIL import Image

from tests.collect.museum import ROOT, Firewall, Museum, jpeg, record


def ask(url: str) -> tuple[int, Message, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return int(reply.status), reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def told(url: str) -> object:
    return json.loads(ask(url)[2])


def test_it_answers_as_the_service_does(museum: Museum) -> None:
    museum.add(record(1), record(2, title="Bowl", objectName="Bowl", classification="", department="Asian Art"))
    assert told(f"{museum.base_url}/objects") == {"total": 2, "objectIDs": [1, 2]}
    assert told(f"{museum.base_url}/objects?departmentIds=6|9") == {"total": 1, "objectIDs": [2]}
    assert told(f"{museum.base_url}/objects?metadataDate=2030-01-01") == {"total": 0, "objectIDs": []}
    assert told(f"{museum.base_url}/search?q=bowl") == {"total": 1, "objectIDs": [2]}
    assert told(f"{museum.base_url}/search?q=nothing") == {"total": 0, "objectIDs": None}
    assert ask(f"{museum.base_url}/objects/3")[::2] == (404, b'{"message": "ObjectID not found"}')
    assert ask(f"{museum.base_url}/objects/x")[::2] == (404, b'{"message": "Not a valid object"}')
    assert museum.records_served() == {}


def test_its_pictures_are_pictures(museum: Museum) -> None:
    museum.add(record(1, additional=1))
    for address in museum.pictures():
        status, headers, body = ask(address)
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        assert Image.open(io.BytesIO(body)).size == (96, 72)
    assert jpeg("/CRDImages/a") != jpeg("/CRDImages/b")


def test_its_firewall_shuts_out_whoever_asks_quickly_for_a_while() -> None:
    now = 1000.0
    with Museum(Firewall(quick=30, within_s=5.0, shut_s=30.0), clock=lambda: now) as museum:
        museum.add(record(1))
        url = f"{museum.base_url}/objects/1"
        assert [ask(url)[0] for _ in range(31)] == [200] * 30 + [403]
        now += 29.0
        status, headers, body = ask(url)
        assert (status, headers["Retry-After"], body[:6]) == (403, None, b"<html>")
        assert ask(f"{museum.address}/CRDImages/gr/original/DP1.jpg")[0] == 200  # pictures lie elsewhere
        now += 1.1
        assert [ask(url)[0] for _ in range(30)] == [200] * 30
        now += 5.1
        assert ask(url)[0] == 200
        assert museum.shut_out == 2


def test_it_may_be_troubled_for_a_while(museum: Museum) -> None:
    museum.add(record(1))
    for kind in ("challenge", "outage", "403"):
        museum.trouble(f"{ROOT}/objects/1", kind)
    assert [ask(f"{museum.base_url}/objects/1")[0] for _ in range(4)] == [200, 503, 403, 200]
    assert museum.served == {f"{ROOT}/objects/1": 1}
