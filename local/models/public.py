"""The public platform's paths: its own prefix beside Azure's, bearer keys only, no deployments."""

from aiohttp import web

PREFIX = "/v1"


def is_public(request: web.Request) -> bool:
    """Whether the public platform was asked, not an Azure account."""
    return request.path.startswith(f"{PREFIX}/")
