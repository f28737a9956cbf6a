"""`ganvas collect status`, `retry`, `why URL`, `forget`: how far it is, what failed and why, another try, an end."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganvas.catalog.fetch_records import DONE, FAILED, LEASED, REFUSED, STANDBY, WAITING
from ganvas.catalog.wanted import PICTURE
from ganvas.cli.opening import AsJson, Opening, print_json, print_table
from ganvas.counted import counted

if TYPE_CHECKING:
    from ganvas.collect.status import CollectionStatus, Status

MOST_LINES = 20
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """How far every collection is, what failed by error and host, and what to do next."""
    opening: Opening = context.obj
    found = opening.studio().collect_status()
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        _print_status(found)


def retry(
    context: typer.Context,
    error: Annotated[str | None, typer.Option("--error", help="What failed with this error only.")] = None,
    host: Annotated[str | None, typer.Option("--host", help="What failed of this host only.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="This address only.")] = None,
    collection: Annotated[
        int | None, typer.Option("--collection", metavar="N", help="Of this collection only; `status` numbers them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let what failed be tried again: the same `ganvas collect` command then fetches it."""
    opening: Opening = context.obj
    count = opening.studio().collect_retry(error=error, host=host, url=url, collection=collection)
    if as_json:
        print_json({"waiting_again": count})
    elif count:
        print(f"{counted(count, 'waits', 'wait')} again: run the same `ganvas collect` command to go on")
    else:
        print("nothing failed that can be tried again")


def why(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="An address, or its beginning or end.")],
    as_json: AsJson = False,
) -> None:
    """All that is known of one address: what became of it, when, why, and whose picture it is."""
    opening: Opening = context.obj
    facts = opening.studio().why_url(url)
    if as_json:
        print_json(facts)
        return
    for fetch in facts["fetches"]:
        _print_fetch(fetch)


def forget(
    context: typer.Context,
    collection: Annotated[int, typer.Argument(metavar="N", help="A collection's number: `status` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Remove a collection with its addresses and what became of each. Its pictures stay in the studio."""
    opening: Opening = context.obj
    gone = opening.studio().collect_forget(collection)
    if as_json:
        print_json(dataclasses.asdict(gone))
        return
    went = [counted(gone.addresses, "address", "addresses")]
    went += [counted(gone.items, "item") + " without a picture"] if gone.items else []
    stays = f"; {counted(gone.pictures, 'picture')} of it {'stays' if gone.pictures == 1 else 'stay'}"
    print(f"removed collection {collection} with {' and '.join(went)}{stays if gone.pictures else ''}")


def _print_status(found: Status) -> None:
    if found.collections:
        columns = ["collection", "asked", "state", "items", "pictures", "waiting", "failed", "refused", "bytes"]
        print_table("collections", columns, [_row(one) for one in found.collections])
    if found.troubles:
        rows = [
            [one.error, one.host or "–", one.state, str(one.collection), f"{one.count:,}"]
            for one in found.troubles[:MOST_LINES]
        ]
        print_table("what failed", ["error", "host", "state", "collection", "fetches"], rows)
        rest = Counter[str]()
        for one in found.troubles[MOST_LINES:]:
            rest[one.error] += one.count
        if rest:
            print("and more: " + ", ".join(f"{error} {count:,}" for error, count in rest.most_common()))
    for host, until in sorted(found.cooling.items(), key=lambda pair: pair[1]):
        print(f"{host} asked for a pause: left alone until {_local(until)}")
    print(found.next)


def _row(one: CollectionStatus) -> list[str]:
    pictures = one.fetches.get(PICTURE, {})
    about = "about " if one.estimated else ""
    waiting = pictures.get(WAITING, 0) + pictures.get(LEASED, 0)
    states = (pictures.get(DONE, 0), waiting, pictures.get(FAILED, 0), pictures.get(REFUSED, 0))
    return [
        f"{one.id} {one.source}",
        asked(one.options, one.label, one.most),
        one.state,
        f"{about}{one.items:,}",
        *(f"{count:,}" for count in states),
        f"{about}{_size(one.bytes)}",
    ]


def asked(options: dict[str, Any], label: str | None, most: int | None) -> str:
    """Options as a person typed them, more or less: `query vase, public-domain`."""
    words = []
    for name, value in options.items():
        called = name.rstrip("_").replace("_", "-")
        if value is True:
            words.append(called)
        elif value not in (None, False, "", [], {}):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            words.append(f"{called} {text}")
    words += [f"label {label}"] if label is not None else []
    words += [f"limit {most:,}"] if most is not None else []
    return " ".join(", ".join(words).split()) or "everything"


def _print_fetch(fetch: dict[str, Any]) -> None:
    print(fetch["url"])
    print(f"  {_verdict(fetch)}")
    print(f"  a {fetch['kind']} of collection {fetch['collection_id']} ({fetch['source']})")
    if fetch["final_url"] not in (None, fetch["url"]):
        print(f"  led to {fetch['final_url']}")
    if fetch["fetched_at"] is not None:
        tries = counted(fetch["attempts"], "try", "tries")
        print(f"  last asked {fetch['fetched_at'].astimezone():%Y-%m-%d %H:%M:%S}, {tries}")
    if fetch["items"]:
        shown = ", ".join(fetch["items"][:MOST_LINES])
        print(f"  of {counted(len(fetch['items']), 'item')}: {shown}")


def _verdict(fetch: dict[str, Any]) -> str:
    why = f"{fetch['error']}: {fetch['reason']}" if fetch["reason"] else fetch["error"]
    if fetch["state"] == DONE:
        kept = f", image {fetch['sha256']}" if fetch["sha256"] and fetch["kind"] == PICTURE else ""
        return f"done: {fetch['bytes'] or 0:,} bytes of {fetch['content_type'] or 'unknown type'}{kept}"
    if fetch["state"] == STANDBY:
        return "a thumbnail, fetched only if the original cannot be had"
    if fetch["state"] == WAITING:
        when = f"waits until {_local(fetch['next_try'])}" if fetch["next_try"] >= 1 else "waits"
        return f"{when} after {why}" if why else when
    return f"{fetch['state']}: {why}" if why else fetch["state"]


def _local(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"


def _size(count: float) -> str:
    for unit in UNITS[:-1]:
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"
