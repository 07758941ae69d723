"""Which requests that change or cost something are not taken, before anything of them is read.

Rule: what a browser sends in a person's name needs the header X-Raft-Console. A browser sends it
for our own pages only: another site's page would have to be allowed to by CORS first, and is not.
Such a request is one with an Origin, or with the principal of App Service authentication, which
stands for a cookie. What carries neither (a program with its function key) needs no header.
"""

from __future__ import annotations

import azure.functions as func

from triggers.answers import problem

CONSOLE_HEADER = "X-Raft-Console"
MOST_BYTES = 1024 * 1024
_SIGNED_IN = "X-MS-CLIENT-PRINCIPAL-NAME"
_OF_BROWSERS = ("Origin", "X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-ID", _SIGNED_IN)


def refusal(req: func.HttpRequest) -> func.HttpResponse | None:
    """403 without the header where it is needed, 413 for a body over a megabyte, else None."""
    if any(req.headers.get(name) for name in _OF_BROWSERS) and not req.headers.get(CONSOLE_HEADER):
        return problem(403, f"a request of a browser needs the header {CONSOLE_HEADER}: 1")
    if len(req.get_body()) > MOST_BYTES:
        return problem(413, f"the body is over {MOST_BYTES:,} bytes")
    return None


def who(req: func.HttpRequest, said: str) -> str:
    """Who asks: the signed-in name where there is one, else what the request says."""
    return str(req.headers.get(_SIGNED_IN, "")) or said
