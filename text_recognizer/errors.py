"""Errors that a caller can expect.

    TextRecognizerError
        InputError          a file, folder or address that cannot be read; the message names it
        OptionError         an option, recipe key or argument that makes no sense
        AlphabetError       text with characters that the model's alphabet does not hold
        BundleError         a model folder that is missing, damaged or of another kind
        MissingExtraError   a part of the program that was not installed
        StoppedError        a run that the user or the machine ended

Every message is one sentence that says what failed, where, and what to do next. A program that ends
with an error has its exit code.
"""


class TextRecognizerError(Exception):
    """Base of all errors raised on purpose by this package.

    Attributes:
        exit_code: of a program that ends with the error.
    """

    exit_code: int = 1


class InputError(TextRecognizerError):
    """A file, folder, page or address could not be read."""


class OptionError(TextRecognizerError):
    """An option, recipe key or argument has a value that is not allowed."""

    exit_code = 2


class AlphabetError(TextRecognizerError):
    """A text holds characters that the alphabet does not hold."""


class BundleError(TextRecognizerError):
    """A model bundle is missing, damaged, or made for another task."""


class MissingExtraError(TextRecognizerError):
    """A command needs an optional part of the package that is not installed."""


class StoppedError(TextRecognizerError):
    """The user or the machine ended a run; what it has written can be gone on with.

    Args:
        sentence: what ended it, and how to go on.
        exit_code: by default what shells say of a program that Ctrl-C ended.
    """

    def __init__(self, sentence: str, exit_code: int = 130) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
