"""What all parts of a spec share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
