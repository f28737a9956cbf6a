"""TLS with the system's authorities: `trusted(["h2", "http/1.1"])`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence

HTTP1, HTTP2 = "http/1.1", "h2"

Trust = Callable[[], ssl.SSLContext]


def trusted() -> ssl.SSLContext:
    """A context that checks certificates and names, by the system's authorities or, where it has none, certifi's."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None and not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def offering(trust: Trust, protocols: Sequence[str]) -> ssl.SSLContext:
    """A context of one's own that offers these protocols (ALPN)."""
    context = trust()
    context.set_alpn_protocols(list(protocols))
    return context
