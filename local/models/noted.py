"""What is logged of requests that manage something: files, jobs, deployments, workspaces.

Of headers the names only, and no body but that of a resource or a job, which holds no key.
"""

import json
import re
from typing import Any

from aiohttp import web

MANAGING = re.compile(r"^/subscriptions/|/fine_tuning/|/files\b")
URL_QUERY = re.compile(r'(https?://[^"\\?\s]*)\?[^"\\\s]*')  # may hold a signature


async def noted(request: web.Request) -> dict[str, Any] | None:
    """api-version, names of headers and body of a managing request; None for any other."""
    if not MANAGING.search(request.path):
        return None
    return {
        "api_version": request.query.get("api-version", ""),
        "headers": sorted(name.lower() for name in request.headers),
        "body": URL_QUERY.sub(r"\1", await _body(request)),
    }


async def _body(request: web.Request) -> str:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return json.dumps(
            {
                name: value.filename if isinstance(value, web.FileField) else value
                for name, value in form.items()
            }
        )
    return await request.text() if request.method in ("PUT", "POST") else ""
