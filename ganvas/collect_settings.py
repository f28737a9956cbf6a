"""`[collect]` of ganvas.toml: how the web is asked, and where each service is. Every line has a default.

The tables of services (`[collect.met]`) are settings of theirs; those of plug-ins are `[collect.plugins.NAME]`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class ServiceSettings(BaseModel):
    """Where a service is, and how often it may be asked."""

    model_config = ConfigDict(extra="forbid")
    base_url: str | None = Field(default=None, description="another address of the service: a mirror, a replica")
    rate_per_s: float | None = Field(
        default=None, gt=0, description="requests a second; the service's own when not given"
    )


class WebSettings(BaseModel):
    """`[collect.web]`: image search."""

    model_config = ConfigDict(extra="forbid")
    base_url: str | None = Field(default=None, description="another address of the search page")
    engine: str = Field(default="google", description="google (in a browser) or ddgs (without one)")
    language: str = Field(default="en", description="of the search page, as in `hl=`")
    safe_search: Literal["on", "off"] = Field(default="on", description="leave out what is not for everybody")
    browser: str | None = Field(default=None, description="path of Chromium; found when not given")
    headless: bool = Field(default=True, description="no window of the browser's is shown")
    picture_timeout_s: float = Field(default=15.0, gt=0, description="what one tile may take to show its original")
    selectors: str | None = Field(
        default=None, description="a selectors file of one's own, for when a page has changed"
    )


class CollectSettings(BaseModel):
    """`[collect]`."""

    model_config = ConfigDict(extra="forbid")
    contact: str | None = Field(
        default=None, description="an e-mail or web address that servers can reach you at; sent in User-Agent"
    )
    user_agent: str | None = Field(default=None, description="the whole User-Agent, instead of ganvas's own")
    concurrency: int = Field(default=64, ge=1, le=1024, description="fetches at the same time, stuck ones aside")
    per_host: int = Field(default=8, ge=1, le=256, description="fetches at the same time of one host, stuck ones aside")
    rate_per_s: float | None = Field(
        default=None, gt=0, description="requests a second to one host; no cap when not given"
    )
    connect_timeout_s: float = Field(default=10.0, gt=0, description="until a server takes the connection")
    read_timeout_s: float = Field(default=10.0, gt=0, description="without a byte")
    timeout_s: float = Field(default=20.0, gt=0, description="one host's part of a fetch, redirects and body included")
    max_bytes: int = Field(default=64 * 2**20, ge=1, description="of one picture or page")
    attempts: int = Field(default=5, ge=1, description="tries of what may pass, before it counts as failed")
    pause_s: float = Field(
        default=30.0, gt=0, description="how long a host is left alone that refuses and does not say"
    )
    robots: bool = Field(default=True, description="honour robots.txt")
    opt_outs: bool = Field(
        default=True, description="honour X-Robots-Tag: noai, noimageai, noindex, noimageindex, noml"
    )
    allow_hosts: list[str] = Field(
        default=[], description="hosts or networks that may be asked though their addresses are not public"
    )
    met: ServiceSettings = ServiceSettings()
    commons: ServiceSettings = ServiceSettings()
    openverse: ServiceSettings = ServiceSettings()
    web: WebSettings = WebSettings()
    plugins: dict[str, dict[str, Any]] = Field(default={}, description="settings of sources from other packages")
