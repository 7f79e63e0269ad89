"""DecoderNetwork: what networks share that read an image and write its text with a decoder."""

from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models.text_decoder import DecoderOptions, TextDecoder


class DecoderNetwork(nn.Module):
    """Base of networks of an encoder for images and a `TextDecoder`.

    Args:
        options: of the decoder.
        n_classes: labels that there are.
        output_length: labels of an image, start and end among them; the longest text that is read.

    Attributes:
        decoder: the decoder.
        output_length: as given.

    Raises:
        OptionError: the output length is missing, or has no room for start and end.
    """

    def __init__(
        self, options: DecoderOptions, *, n_classes: int, output_length: int | None
    ) -> None:
        super().__init__()
        if output_length is None or output_length < 2:
            raise OptionError(
                f"{type(self).__name__} writes texts between a start and an end: give "
                f"output_length, 2 or more, not {output_length}."
            )
        self.output_length = output_length
        self.decoder = TextDecoder(options, n_classes=n_classes)

    def encode(self, images: Tensor) -> Tensor:
        """Features of shape (N, M, tf_dim) of images of shape (N, C, H, W), float, 0 to 1."""
        raise NotImplementedError

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (N, n_classes, L) of what follows each of the labels (N, L), given all before."""
        logits: Tensor = self.decoder(labels, self.encode(images))
        return logits
