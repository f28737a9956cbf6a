"""What the tests of hostile servers share with those of fetching."""

from tests.collect.fetch.conftest import certificates, get, server  # noqa: F401 fixtures
