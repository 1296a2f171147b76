"""url_for: URLs that work, options that are checked, drivers that have none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import CaseFailedError, require, require_equal
from storagedriver.conformance.store import Store, failure_of
from storagedriver.contract import InvalidParametersError, UnsupportedMethodError
from storagedriver.contract.features import URL_FOR

_FETCH_SECONDS = 20.0


def _fetch(url: str, method: str) -> tuple[int, bytes, str]:
    """Return status, body and Content-Length of a request."""
    # An HTTP client is heavy, and few drivers have URLs.
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    # Only http comes here: see _is_fetched.
    request = Request(url, method=method)
    try:
        with urlopen(request, timeout=_FETCH_SECONDS) as answer:
            return answer.status, answer.read(), answer.headers.get("Content-Length", "")
    except HTTPError as error:
        with error:
            return error.code, b"", ""


def _is_fetched(url: str) -> bool:
    # A test server speaks http. Over https the suite would need to know whom to trust.
    return url.startswith("http://")


@case("2015 URLFor", "url_for", needs=[URL_FOR])
def url_gives_the_content(store: Store) -> None:
    """A GET of the URL gives the content, a HEAD of one made for HEAD its length."""
    path, content = store.path(), store.content(32)
    store.driver.put_content(path, content)
    url = store.driver.url_for(path)
    require("://" in url, f"{url!r} is no URL")
    if not _is_fetched(url):
        return
    status, body, _ = _fetch(url, "GET")
    require_equal((status, body), (200, content), "answer to GET")
    status, _, length = _fetch(store.driver.url_for(path, {"method": "HEAD"}), "HEAD")
    require_equal((status, length), (200, "32"), "answer to HEAD")


@case("url_for", "also URLs", needs=[URL_FOR])
def url_expires(store: Store) -> None:
    """A URL works until its expiry, and an expiry that has passed gives none that works."""
    path, content = store.path(), store.content(32)
    store.driver.put_content(path, content)
    now = datetime.now(UTC)
    url = store.driver.url_for(path, {"method": "GET", "expiry": now + timedelta(minutes=5)})
    if _is_fetched(url):
        require_equal(_fetch(url, "GET")[:2], (200, content), "answer before the expiry")
    try:
        expired = store.unrecorded.url_for(path, {"expiry": now - timedelta(minutes=5)})
    except InvalidParametersError as error:
        require_equal(error.parameter, "expiry", "the parameter that is wrong")
        return
    if _is_fetched(expired):
        require(_fetch(expired, "GET")[0] >= 400, "a URL works although it has expired")


@case("url_for", "also URLs", needs=[URL_FOR])
def url_of_a_deleted_object(store: Store) -> None:
    """The URL of an object that has been deleted gives 404."""
    path = store.path()
    store.driver.put_content(path, b"content")
    url = store.driver.url_for(path)
    store.driver.delete(path)
    if _is_fetched(url):
        require_equal(_fetch(url, "GET")[0], 404, "status of a URL whose object is gone")


@case("2015 URLFor", "url_for", "error UnsupportedMethod", unless=[URL_FOR])
def url_is_refused(store: Store) -> None:
    """Without the feature url_for is UnsupportedMethod, with right options too."""
    path = store.path()
    store.driver.put_content(path, b"content")
    expiry = datetime.now(UTC) + timedelta(minutes=5)
    for options in (None, {}, {"method": "GET"}, {"method": "HEAD", "expiry": expiry}):
        store.expect(UnsupportedMethodError("URLFor"), store.driver.url_for, path, options)


@case("url_for", "also URLs", "error InvalidParameters")
def url_options_are_checked(store: Store) -> None:
    """A wrong option is InvalidParameters naming it, on every driver, with or without URLs."""
    path = store.path()
    store.driver.put_content(path, b"content")
    # A time without a zone is one of the wrong ones.
    naive = datetime(2100, 1, 1)  # noqa: DTZ001
    wrong: list[tuple[str, object]] = [
        *(("method", value) for value in ("get", "POST", "DELETE", "", None, 5, b"GET", ["GET"])),
        *(("expiry", value) for value in (naive, None, 300, 1.5, "2100-01-01", timedelta(1))),
        ("expires", datetime(2100, 1, 1, tzinfo=UTC)),
        ("Method", "GET"),
        ("", 1),
    ]
    for option, value in wrong:
        _check_refused(store, path, {option: value}, option)
        if option != "method":
            _check_refused(store, path, {"method": "GET", option: value}, option)


def _check_refused(store: Store, path: str, options: Mapping[str, object], option: str) -> None:
    error = failure_of(store.driver.url_for, path, options)
    if not isinstance(error, InvalidParametersError):
        raise CaseFailedError(f"url_for with {options} should be InvalidParameters, but: {error!r}")
    facts = (error.name, error.parameter, error.driver, error.temporary)
    expected = (store.driver.name, option, store.driver.name, False)
    require_equal(facts, expected, f"name, parameter, driver, temporary with {options}")
    require(bool(error.reason), f"no reason is given with {options}")
