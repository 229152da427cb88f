"""What goes on beside a test, in a thread, until the test says that it is enough."""

import threading
from types import TracebackType
from typing import Self


class Background:
    """A context manager: `run` goes on while the block runs, and has ended when it is left."""

    def __init__(self) -> None:
        self.enough = threading.Event()
        self._thread = threading.Thread(target=self.run)

    def run(self) -> None:
        """Until `enough` is set; what was begun may be brought to its end."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.enough.set()
        self._thread.join()
