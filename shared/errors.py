"""Everything that can go wrong, as one tree.

`retryable`: the same call may work later. `fatal`: the whole run stops. The rest costs one item.

RaftError
├── SpecError              a RunSpec field is unknown or wrong; names the field
├── WireTooLarge           a durable payload is over its byte budget: our bug
├── StoreError
│   ├── BlobNotFound
│   └── BlobChanged        an etag condition failed; read again (retryable)
├── DocumentError          a document cannot be read; `code` says why
├── ModelError             a model call gave no answer
│   ├── ModelUnavailable   throttled, 5xx, timeout, after all retries (retryable)
│   ├── ContentFiltered    the service refused prompt or answer
│   └── ModelRefusesUs     401, 403, unknown deployment: no call will work (fatal)
├── RunStopped             the run was told to stop before this paid call (fatal)
├── NotNow                 what was asked for does not fit the state that the run is in
├── BudgetReached          the next step would cost more than the budget has left (fatal)
├── QuorumNotReached       too few items succeeded to go on and pay for training (fatal)
└── JobError               a training job or deployment failed; the cloud's words (fatal)
"""

from __future__ import annotations

from typing import ClassVar

REASON_CHARACTERS = 500


class RaftError(Exception):
    """Base of all errors of this project; `str()` is one line fit for a user."""

    retryable: ClassVar[bool] = False
    fatal: ClassVar[bool] = False
    code: str = "error"

    @property
    def reason(self) -> str:
        """The message in one line of at most 500 characters, as run records keep it."""
        return " ".join(str(self).split())[:REASON_CHARACTERS]


class SpecError(RaftError):
    """Raised when a spec is validated; `field` is the dotted path, as in ``splits.train``."""

    code = "bad_spec"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class WireTooLarge(RaftError):
    """Raised by `contracts.to_wire` before a payload over its budget reaches a history."""

    code = "wire_too_large"


class StoreError(RaftError):
    """Base of blob store conditions that callers decide on."""


class BlobNotFound(StoreError):
    """Raised when a blob that should be there is not."""

    code = "blob_not_found"


class BlobChanged(StoreError):
    """Raised when a conditional write lost against another writer."""

    retryable = True
    code = "blob_changed"


class DocumentError(RaftError):
    """Raised when a document gives no usable text.

    `code` is one of encrypted, damaged, empty_file, no_text, not_a_pdf, too_large, too_slow,
    unsupported, deleted, replaced.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModelError(RaftError):
    """Base of failed model calls."""

    code = "model_error"


class ModelUnavailable(ModelError):
    """Raised when the adapter's own retries are used up: throttling, 5xx, timeouts."""

    retryable = True
    code = "model_unavailable"


class ContentFiltered(ModelError):
    """Raised when the service's content filter refuses the prompt or the answer."""

    code = "content_filtered"


class ModelRefusesUs(ModelError):
    """Raised on 401, 403 and unknown deployments: every further call would fail alike."""

    fatal = True
    code = "model_refuses_us"


class RunStopped(RaftError):
    """Raised instead of a paid call once the run has its stop marker."""

    fatal = True
    code = "stopped"


class NotNow(RaftError):
    """Raised when a person's decision comes too late, or where none is waited for."""

    code = "not_now"


class BudgetReached(RaftError):
    """Raised before a step that is expected to cost more than the run may still spend."""

    fatal = True
    code = "budget_reached"


class QuorumNotReached(RaftError):
    """Raised before training is paid when too few items succeeded."""

    fatal = True
    code = "below_quorum"


class JobError(RaftError):
    """Raised when a training job or deployment cannot be made or ends badly."""

    fatal = True
    code = "job_failed"
