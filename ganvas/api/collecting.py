"""A studio and the web: `studio.collect("met", {"query": "vase"})`, and what became of every address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ganvas.progress import Progress
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.collect.collecting import Collected
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
        allow_host: Sequence[str] | None = None,
        contact: str | None = None,
        refresh: bool = False,
        dry_run: bool = False,
    ) -> Collected:
        """Collect from a source until `limit` items have pictures, or all that it names; the same call goes on.

        `base_url`, `allow_host` and `contact` are instead of (or beside) the settings in ganvas.toml. Raises InputError or
        SettingsError for options that the source does not have.
        """
        from ganvas.collect.collecting import collect

        settings = _changed(self.folder.settings.collect, source, base_url, allow_host or (), contact)
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


def _changed(
    settings: CollectSettings, source: str, base_url: str | None, allow_hosts: Sequence[str], contact: str | None
) -> CollectSettings:
    changed = settings.model_copy(deep=True)
    changed.allow_hosts = [*changed.allow_hosts, *allow_hosts]
    changed.contact = contact or changed.contact
    if base_url is not None:
        own = getattr(changed, source, None)
        if hasattr(own, "base_url"):
            own.base_url = base_url
        else:
            changed.plugins = changed.plugins | {source: {**changed.plugins.get(source, {}), "base_url": base_url}}
    return changed
