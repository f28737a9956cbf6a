"""How far collecting is, and another try. `Studio` has these methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganvas.progress import Progress
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.collect.status import Status


class Collecting:
    """What of a Studio concerns the web."""

    folder: StudioFolder
    progress: Progress

    def status(self) -> Status:
        """How far every collection is, what failed by error and host, which hosts are left alone and until when."""
        from ganvas.collect.status import status

        return status(self.folder)

    def retry(
        self,
        *,
        error: str | None = None,
        host: str | None = None,
        url: str | None = None,
        collection: int | None = None,
    ) -> int:
        """Let what failed be fetched again the next time; returns how many. All of it, or what is named.

        What was refused (robots.txt, an opt-out) only where its `error` or `url` is named. Raises InputError for an
        error, a host, an address or a collection that is not there.
        """
        from ganvas.collect.status import retry

        return retry(self.folder, error=error, host=host, url=url, collection=collection)

    def why_url(self, url: str) -> dict[str, Any]:
        """Everything known of an address, in every collection that names it; its beginning or end will do."""
        from ganvas.collect.status import why_url

        return why_url(self.folder, url)
