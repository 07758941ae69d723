"""The errors the stand-in answers with, in the shapes that the real services use.

`ApiError` is the data plane's (`{"error": {message, type, param, code}}`), `ArmError` the control
plane's (`{"error": {code, message}}`). Handlers raise them; the middleware makes them replies.
"""

from typing import Any


class StandInError(Exception):
    """A reply that is an error. `body` is the whole JSON of it."""

    def __init__(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = headers or {}


class ApiError(StandInError):
    """An error of the OpenAI data plane."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        headers: dict[str, str] | None = None,
        inner: dict[str, Any] | None = None,
    ) -> None:
        error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": code}
        if inner is not None:
            error |= {"status": status, "innererror": inner}
        super().__init__(status, {"error": error}, headers)


class ArmError(StandInError):
    """An error of the Azure Resource Manager control plane."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, {"error": {"code": code, "message": message}})


def deployment_not_found(name: str) -> ApiError:
    """A call to a deployment that does not exist, or does not yet."""
    return ApiError(
        404,
        "DeploymentNotFound",
        f"The API deployment {name!r} for this resource does not exist. If you created the "
        "deployment within the last 5 minutes, please wait a moment and try again.",
    )


def unauthorized() -> ApiError:
    """A call without a key or token, or with a refused one."""
    return ApiError(
        401,
        "invalid_api_key",
        "Access denied due to invalid subscription key or wrong API endpoint.",
        kind="authentication_error",
    )


def token_expired() -> ApiError:
    """A call with a token that was good until now."""
    return ApiError(
        401,
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time has passed.",
        kind="authentication_error",
    )


def no_structured_output() -> ApiError:
    """A request for structured output to a model that has none, in Azure's words."""
    return ApiError(
        400,
        "unsupported_parameter",
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
        "model. Learn more about supported models at the Structured Outputs guide: "
        "https://platform.openai.com/docs/guides/structured-outputs",
        param="response_format",
    )


def content_filtered() -> ApiError:
    """A prompt refused by the content filter, in Azure's shape."""
    safe = {"filtered": False, "severity": "safe"}
    return ApiError(
        400,
        "content_filter",
        "The response was filtered due to the prompt triggering Azure OpenAI's content management "
        "policy. Please modify your prompt and retry.",
        param="prompt",
        inner={
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": safe,
                "jailbreak": {"filtered": True, "detected": True},
                "self_harm": safe,
                "sexual": safe,
                "violence": safe,
            },
        },
    )
