"""Errors that a caller can expect.

    TextRecognizerError
        InputError          a file, folder or address that cannot be read; the message names it
        OptionError         an option, recipe key or argument that makes no sense
        AlphabetError       text with characters that the model's alphabet does not hold
        BundleError         a model folder that is missing, damaged or of another kind
        MissingExtraError   a part of the program that was not installed

Every message is one sentence that says what failed, where, and what to do next.
"""


class TextRecognizerError(Exception):
    """Base of all errors raised on purpose by this package."""


class InputError(TextRecognizerError):
    """A file, folder, page or address could not be read."""


class OptionError(TextRecognizerError):
    """An option, recipe key or argument has a value that is not allowed."""


class AlphabetError(TextRecognizerError):
    """A text holds characters that the alphabet does not hold."""


class BundleError(TextRecognizerError):
    """A model bundle is missing, damaged, or made for another task."""


class MissingExtraError(TextRecognizerError):
    """A command needs an optional part of the package that is not installed."""
