"""What ends a run before its time, by the user or the machine, as an error with a sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lightning.pytorch.utilities.exceptions import SIGTERMException

from text_recognizer.errors import StoppedError

_TERMINATED = 143  # as shells say of a program that was asked to end


@contextmanager
def stops_told(how_to_go_on: Callable[[], str]) -> Iterator[None]:
    """Turns Ctrl-C and a request to end into sentences.

    Args:
        how_to_go_on: the second sentence, asked for when the run has ended.

    Raises:
        StoppedError: the user or the machine ended the run.
    """
    try:
        yield
    except SIGTERMException:
        raise StoppedError(f"Asked to end. {how_to_go_on()}", _TERMINATED) from None
    except (KeyboardInterrupt, SystemExit):  # Lightning turns the one into the other
        raise StoppedError(f"Stopped by Ctrl-C. {how_to_go_on()}") from None
