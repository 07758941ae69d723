"""The app's HTTP API as a client sees it: JSON in and out, failures as exit codes.

The key goes in a header, to this app only: redirections are not followed, and a key is never sent
in the clear to another machine. It is in no message.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

from shared.settings import is_loopback
from terminal.exits import CliError, Exit

KEY_HEADER = "x-functions-key"
_TIMEOUT = 60.0
_ASK_TIMEOUT = 300.0  # two models answer
_CODES = {
    400: Exit.USAGE,
    401: Exit.KEY,
    403: Exit.KEY,
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    422: Exit.REFUSED,
    429: Exit.UNREACHABLE,
    502: Exit.UNREACHABLE,
    503: Exit.UNREACHABLE,
    504: Exit.UNREACHABLE,
}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, *_: Any
    ) -> None:
        """Leave the redirection as the answer it is."""


class Client:
    """One app. Every method raises CliError with the exit code of what went wrong."""

    def __init__(self, url: str, key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CliError(Exit.USAGE, f"not the URL of an app: {url} (as in https://my.example)")
        if key and parts.scheme != "https" and not is_loopback(url):
            raise CliError(Exit.USAGE, "a key is sent over https only")
        if not (key.isascii() and key.isprintable()):
            raise CliError(Exit.USAGE, "the key cannot stand in a header")
        self.url = url.rstrip("/").removesuffix("/api")
        self._key = key
        own = [urllib.request.ProxyHandler({})] if is_loopback(url) else []
        self._opener = urllib.request.build_opener(_NoRedirect, *own)

    def runs(self) -> list[dict[str, Any]]:
        """The newest runs, newest first."""
        return list(self.get("/api/runs")["runs"])

    def run(self, run: str) -> dict[str, Any]:
        """One run as it is now."""
        return dict(self.get(_path(run)))

    def start(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Start a run: {run, created, …}; the same body gives the same run."""
        return dict(self._json("POST", "/api/runs", body))

    def decide(self, run: str, what: str, by: str, why: str) -> dict[str, Any]:
        """approve, reject or cancel a run."""
        return dict(self._json("POST", _path(run, what), {"by": by, "why": why}))

    def report(self, run: str) -> dict[str, Any]:
        """The report's record."""
        return dict(self.get(_path(run, "report.json")))

    def report_page(self, run: str) -> bytes:
        """The report's page."""
        return self._send("GET", _path(run, "report"))

    def dataset(self, run: str, **query: str | int) -> dict[str, Any]:
        """A page of dataset rows; parameters that are '' are left out."""
        asked = urlencode({name: value for name, value in query.items() if value != ""})
        return dict(self.get(f"{_path(run, 'dataset')}?{asked}"))

    def ask(self, run: str, question: str) -> dict[str, Any]:
        """What baseline and student answer over the documents found for the question."""
        body = {"question": question}
        return dict(self._json("POST", _path(run, "ask"), body, timeout=_ASK_TIMEOUT))

    def remove_deployment(self, run: str) -> dict[str, Any]:
        """End the run's deployment."""
        return dict(self._json("DELETE", _path(run, "deployment")))

    def get(self, path: str) -> Any:
        """JSON at a path."""
        return self._json("GET", path)

    def _json(self, method: str, path: str, body: Any = None, timeout: float = _TIMEOUT) -> Any:
        data = self._send(method, path, body, timeout)
        try:
            return json.loads(data)
        except ValueError:
            words = f"{self.url} answered with what is no JSON: is this the app's URL?"
            raise CliError(Exit.UNREACHABLE, words) from None

    def _send(self, method: str, path: str, body: Any = None, timeout: float = _TIMEOUT) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("content-type", "application/json")
        if self._key:
            request.add_unredirected_header(KEY_HEADER, self._key)
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise self._refused(error, method, path) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", "") or error or type(error).__name__
            raise CliError(Exit.UNREACHABLE, f"{self.url} cannot be reached: {reason}") from None

    def _refused(self, error: urllib.error.HTTPError, method: str, path: str) -> CliError:
        status, words = error.code, _words(error)
        code = _CODES.get(status, Exit.TROUBLE if status >= 500 else Exit.USAGE)
        if code is Exit.KEY:
            return CliError(
                code, f"{self.url} answered {status}: give its key by --key or RAFT_KEY"
            )
        if 300 <= status < 400:
            return CliError(Exit.UNREACHABLE, f"{self.url} answered {status}, a redirection")
        where = f"{method} {path.partition('?')[0]} answered {status}: is this the app's URL?"
        return CliError(code, words or where)


def _path(run: str, what: str = "") -> str:
    return "/".join(filter(None, ("/api/runs", quote(run, safe=""), what)))


def _words(error: urllib.error.HTTPError) -> str:
    """The app's own words: {"error": {"message", …}}; a message about a field begins with it."""
    try:
        return str(json.loads(error.read())["error"]["message"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
