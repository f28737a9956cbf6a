"""A studio and the web: `studio.collect("met", {"query": "vase"})`, and what became of every address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ganvas.progress import Progress
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog.forgetting import Forgotten
    from ganvas.collect.collecting import Collected
    from ganvas.collect.status import Status
    from ganvas.collect_settings import CollectSettings


class Collecting:
    """What of a Studio concerns sources of the web."""

    folder: StudioFolder
    progress: Progress

    def collect(
        self,
        source: str,
        options: Mapping[str, Any],
        *,
        limit: int | None = None,
        label: str | None = None,
        base_url: str | None = None,
        allow_host: str | Sequence[str] | None = None,
        contact: str | None = None,
        refresh: bool = False,
        dry_run: bool = False,
    ) -> Collected:
        """Collect from a source until `limit` items have pictures, or all that it names; the same call goes on.

        `base_url`, `allow_host` and `contact` go before the settings in ganvas.toml. Raises InputError or SettingsError
        for options that the source does not have.
        """
        from ganvas.collect.collecting import collect

        hosts = [allow_host] if isinstance(allow_host, str) else allow_host or ()
        settings = _changed(self.folder.settings.collect, source, base_url, hosts, contact)
        return collect(
            self.folder,
            source,
            options,
            label=label,
            most=limit,
            refresh=refresh,
            dry_run=dry_run,
            settings=settings,
            progress=self.progress,
        )

    def collect_status(self) -> Status:
        """How far every collection is, what failed by error and host, which hosts are left alone and until when."""
        from ganvas.collect.status import status

        return status(self.folder)

    def collect_retry(
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

    def collect_forget(self, collection: int) -> Forgotten:
        """Remove a collection, by its number, and what became of its addresses: asked for again, it begins anew.

        Its pictures stay, with their items; items without a picture go. Raises InputError where there is no such
        collection, or a collector is at it.
        """
        from ganvas.collect.status import forget

        return forget(self.folder, collection, self.progress)

    def why_url(self, url: str) -> dict[str, Any]:
        """Everything known of an address, in every collection that names it; its beginning or end will do."""
        from ganvas.collect.status import why_url

        return why_url(self.folder, url)


def _changed(
    settings: CollectSettings, source: str, base_url: str | None, allow_hosts: Sequence[str], contact: str | None
) -> CollectSettings:
    from ganvas.collect_settings import ServiceSettings, WebSettings

    changed = settings.model_copy(deep=True)
    changed.allow_hosts = [*changed.allow_hosts, *allow_hosts]
    changed.contact = contact or changed.contact
    if base_url is not None:
        own = getattr(changed, source, None)
        if isinstance(own, ServiceSettings | WebSettings):
            own.base_url = base_url
        else:
            changed.plugins = changed.plugins | {source: {**changed.plugins.get(source, {}), "base_url": base_url}}
    return changed
