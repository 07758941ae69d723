"""What the services need of the world, as Protocols whose docstrings are promises.

Adapters keep the promises; services rely on nothing else. Every call may be repeated: a promise
says what a second identical call does. All methods raise errors of `shared.errors` only.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.contracts import JobStatus
from shared.raft.documents import Page


@dataclass(frozen=True)
class BlobInfo:
    """One blob as a listing shows it. `etag` changes with each write; `size` in bytes."""

    name: str
    etag: str
    size: int
    modified: datetime


class BlobStore(Protocol):
    """One blob container; names are paths with `/`. The container is made when first written."""

    async def read(self, name: str) -> bytes:
        """The whole blob; raises BlobNotFound."""

    async def read_versioned(self, name: str) -> tuple[bytes, str]:
        """The whole blob and its etag; raises BlobNotFound."""

    async def exists(self, name: str) -> bool:
        """Whether the blob is there."""

    async def create(self, name: str, data: bytes) -> bool:
        """Write unless the name is taken; True when this call wrote. Never overwrites."""

    async def replace(self, name: str, data: bytes, etag: str) -> None:
        """Overwrite exactly that version; raises BlobChanged when another writer was first."""

    async def put(self, name: str, data: bytes) -> None:
        """Write or overwrite: for outputs that are a function of their inputs."""

    async def put_stream(self, name: str, parts: AsyncIterable[bytes]) -> None:
        """Write or overwrite from parts, of which few are held at a time.

        Nothing is seen under the name until the last part is there; what `parts` raises leaves
        the blob as it was. Raises BlobChanged when another writer put other bytes meanwhile.
        """

    async def listing(self, prefix: str = "") -> list[BlobInfo]:
        """All blobs whose name starts with `prefix`, by name; [] when there are none."""

    async def folders(self) -> list[str]:
        """First path segments of all names, each once, by name, without the `/`."""


@dataclass(frozen=True)
class ChatRequest:
    """One chat completion. `messages` are {role, content}; temperature and seed shape the reply.

    `image` is a data URL (`data:image/png;base64,…`) shown with the last message. `schema` is the
    JSON Schema that the reply has to keep, sent where the model offers structured output; where
    it does not, the reply is whatever the messages ask for.
    """

    messages: Sequence[Mapping[str, str]]
    max_tokens: int = 1_024
    temperature: float = 0.0
    seed: int | None = None
    image: str = ""
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Reply:
    """One billed reply. Tokens are the service's own `usage`, never an estimate."""

    text: str
    model: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


# Awaited right before a request leaves, when it has its place among the calls in flight: raises
# RunStopped instead of letting it go once the run is stopped.
Permit = Callable[[], Awaitable[None]]
Send = Callable[[Permit], Awaitable[Reply]]


class Chat(Protocol):
    """A chat model behind one role."""

    @property
    def deployment(self) -> str:
        """What is asked: part of the key of paid work."""

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        """Ask once, with backoff and Retry-After inside, and the permit before each try.

        Raises ModelUnavailable when retries are used up, ContentFiltered, ModelRefusesUs.
        """


class PaidCalls(Protocol):
    """The ledger of one item's paid calls: each distinct call is sent and counted once, ever."""

    async def once(self, kind: str, shape: Mapping[str, Any], send: Send) -> Reply:
        """The stored reply for (kind, shape), or send, store and count.

        Raises RunStopped instead of sending once the run is stopped, and what `send` raises. A
        model that refuses us stops the run.
        """


@dataclass(frozen=True)
class JudgeItem:
    """One answer to be judged against its documents and its reference answer.

    Only `metrics` are scored. Another `attempt` is another judgement of the same answer, asked for
    and paid anew.
    """

    question: str
    answer: str
    contexts: Sequence[str]
    reference: str
    metrics: Sequence[str]
    attempt: int = 0


class Judge(Protocol):
    """Scores that need a model: ratings from 1 to 5 by a rubric, the others in 0…1."""

    async def score(self, item: JudgeItem, calls: PaidCalls) -> dict[str, float | None]:
        """One value per metric asked for; None where the judge gave no usable one (never NaN).

        Every model call goes through `calls`. Raises RunStopped and ModelRefusesUs.
        """


class DocumentReader(Protocol):
    """Text of documents, read where a hostile file can do no harm."""

    async def read(self, data: bytes, name: str, doctype: str) -> list[Page]:
        """Pages with text, at least one not empty; raises DocumentError with a `code`.

        `doctype`: pdf, markdown, txt, html, json or api. Pages without text keep their place. Of
        a pdf all may be without: their pictures are another's to read.
        """


class PageRenderer(Protocol):
    """Pictures of a PDF's pages, drawn where a hostile file can do no harm."""

    async def render(self, data: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
        """PNG by page number (from 1), readable to a vision model; pages that cannot be drawn
        are left out. Raises DocumentError when the file cannot be opened."""


class Embedder(Protocol):
    """Turns texts into vectors whose angle tells how alike their meaning is."""

    @property
    def deployment(self) -> str:
        """What is asked: part of the key of paid work."""

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        """One vector for each text, in order; every model call goes through `calls`.

        Raises RunStopped and the errors of `Chat.complete`.
        """


class Tokenizer(Protocol):
    """Counts tokens as the student's model would."""

    @property
    def name(self) -> str:
        """The vocabulary, or the stated approximation; shown in the dataset card."""

    def count(self, text: str) -> int:
        """Tokens of `text`."""


@dataclass(frozen=True)
class TrainingRequest:
    """A fine-tuning job. `key` names it: the same key is the same job.

    `method`: supervised, dpo or reinforcement. Reinforcement alone has, and needs, a `grader`.
    `form` is that of the rows: chat, or completion (a prompt and a completion column).
    """

    key: str
    model: str
    training: bytes
    validation: bytes
    hyperparameters: Mapping[str, int | float | str]
    training_type: str
    seed: int
    method: str = "supervised"
    grader: Mapping[str, Any] | None = None
    form: str = "chat"


@dataclass(frozen=True)
class TrainingResult:
    """What a succeeded job left. `metrics_csv` has one row per step, columns as the service's.

    `events` ({at, level, message}, oldest first) and `checkpoints` ({step, model, and the
    service's metrics}) are [] where the cloud keeps none. Tokens are 0 where it does not tell.
    """

    model: str
    trained_tokens: int
    metrics_csv: bytes
    events: Sequence[Mapping[str, Any]] = ()
    checkpoints: Sequence[Mapping[str, Any]] = ()


class Trainer(Protocol):
    """Fine-tuning jobs of a cloud."""

    async def submit(self, request: TrainingRequest) -> str:
        """The job's id. A job with this key that a lost call made is found and adopted.

        Raises JobError with the cloud's words when it refuses.
        """

    async def find(self, key: str) -> str | None:
        """The job of this key, if there is one that has not ended badly."""

    async def check(self, job: str) -> JobStatus:
        """The job now, its last event or error as `detail`.

        Statuses we do not know count as running and are passed on as they are.
        """

    async def cancel(self, job: str) -> None:
        """End the job; one that has ended is left as it is."""

    async def result(self, job: str) -> TrainingResult:
        """Model and metrics of a succeeded job."""


class Deployer(Protocol):
    """Deployments of fine-tuned models; the name identifies one."""

    async def create(self, name: str, model: str, sku: str, capacity: int) -> None:
        """Begin; does nothing when a deployment of that name and model is there.

        Raises JobError with the cloud's words on refused quota or a name taken by another model.
        """

    async def check(self, name: str) -> JobStatus:
        """The deployment now."""

    async def delete(self, name: str, model: str) -> bool:
        """Begin to remove the deployment of that name and model; True when it was there.

        False, and nothing is done, when there is none, or when the name serves another model.
        """


@dataclass(frozen=True)
class Platform:
    """A cloud where students are trained and served: one for each `Student.platform`.

    `student` gives the chat with what is served under a deployment's name, asked in a `form`:
    chat, or completion that ends with a stop text. `hosted` tells whether a deployment is made,
    and costs, at all; without, a fine-tuned model answers by its own name.
    """

    trainer: Trainer
    deployer: Deployer
    student: Callable[[str, str, str], Chat]
    hosted: bool = True


class TableWriter(Protocol):
    """Writes a table as one Parquet file."""

    def parquet(self, batches: AsyncIterable[Sequence[Mapping[str, Any]]]) -> AsyncIterator[bytes]:
        """The file in parts, as its records come; nothing without records.

        Columns as in the first record, none of them ever null. The same records give the same
        bytes, in whatever batches they come.
        """


class ReportRenderer(Protocol):
    """Turns the report record into one self-contained page."""

    def render(self, report: Mapping[str, Any]) -> str:
        """HTML that opens from disk, without script or outside requests; all text escaped."""


Clock = Callable[[], datetime]
