"""What a call may end with besides an answer."""

from typing import Any

import grpc

CODE_KEY = "cercle-code"


class CallError(Exception):
    """A call without an answer; its kinds say what to do."""


class Refused(CallError):
    """Decided, and refused for good: `code` for machines (docs/rejected.md), `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Invalid(CallError):
    """The request cannot be meant; the sentence begins with the field. Nothing was decided."""


class Unavailable(CallError):
    """No answer in time, after all retries. Whether it took effect is not known.

    `request` carries its key: asking once more with it, later, is decided once at most.
    """

    def __init__(self, sentence: str, request: Any) -> None:
        super().__init__(sentence)
        self.request = request


class Failed(CallError):
    """An error of the server's or of the way to it that asking again does not mend, by its status."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status


def error_of(error: grpc.aio.AioRpcError) -> CallError:
    """The error of a status that is not asked again."""
    sentence = error.details() or ""
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        return Invalid(sentence)
    code = next((str(value) for name, value in error.trailing_metadata() or () if name == CODE_KEY), "")
    if error.code() is grpc.StatusCode.FAILED_PRECONDITION and code:
        return Refused(code, sentence)
    return Failed(error.code().name, sentence)
