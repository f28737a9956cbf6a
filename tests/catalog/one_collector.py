"""A collector of nothing, in a process of its own: it does what it reads, line by line, and says what it has done.

    python -m tests.catalog.one_collector ADDRESS COLLECTION NAME

`work MOST NOW UNTIL` leases and finishes until MOST are finished or none is left, `hold N NOW UNTIL` leases only.
"""

from __future__ import annotations

import json
import sys

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, Finished, Leased, StoredImage
from ganvas.catalog.wanted import PICTURE

AT_ONCE = 7


def main() -> None:
    address, collection, name = sys.argv[1:]
    with Catalog.open(address) as catalog:
        say({"ready": True})
        for line in sys.stdin:
            verb, n, now, until = line.split()

            def lease(n: int, now: str = now, until: str = until) -> list[Leased]:
                return catalog.lease(int(collection), name, n, (PICTURE,), float(now), float(until))

            if verb == "hold":
                say([one.id for one in lease(int(n))])
                continue
            done: list[int] = []
            while len(done) < int(n) and (taken := lease(min(AT_ONCE, int(n) - len(done)))):
                ended = [Finished(one.id, DONE, image=image(one.id)) for one in taken]
                catalog.finish(int(collection), "test", name, ended)
                done += [one.id for one in taken]
            say(done)


def image(id: int) -> StoredImage:
    return StoredImage(f"{id:064x}", 1, "JPEG", 8, 8, "RGB", 1)


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
