"""An endless stream of training batches, drawn by share from many sources.

Every loader worker of every training process draws from its own generator, derived from one seed;
with one process and no workers the stream repeats exactly. Knows nothing about files.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from torch.utils.data import IterableDataset, get_worker_info

from text_recognizer.data.batches import EncodedLine, LineBatch, LineEncoder, batch_by_width
from text_recognizer.data.line_sources import LineSource
from text_recognizer.errors import InputError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamOptions:
    """How a stream draws; see `HandwritingLinesOptions` for the fields not explained here.

    Attributes:
        seed: of all chance.
        start: makes a resumed run draw other lines than the run it goes on from.
        rank: of this training process.
        n_ranks: training processes in all.
    """

    seed: int
    batch_columns: int
    max_batch: int
    max_draws: int
    short_lines_first: int
    start: int = 0
    rank: int = 0
    n_ranks: int = 1


class LineStream(IterableDataset[LineBatch]):
    """Batches of lines of the sources, each source as often as its share says.

    A source whose every line was drawn `max_draws` times falls out, and the others take its share.

    Args:
        sources: by name, in the order that `LineBatch.sources` counts.
        shares: positive, of any sum, by the same names.
        encoder: makes the network's input.
        options: how to draw.

    Raises:
        InputError: there is no source with a positive share.
    """

    def __init__(
        self,
        sources: Mapping[str, LineSource],
        shares: Mapping[str, float],
        encoder: LineEncoder,
        options: StreamOptions,
    ) -> None:
        self._sources = list(sources.values())
        self._shares = np.array([shares[name] for name in sources], float)
        if not self._shares.sum() > 0:
            raise InputError("No training data was found: no source has a positive share.")
        self._encoder = encoder
        self._options = options

    def lines(self) -> Iterator[EncodedLine]:
        """The lines of a single process without workers, one by one."""
        return self._lines(self._options.rank, self._options.n_ranks)

    def __iter__(self) -> Iterator[LineBatch]:
        cv2.setNumThreads(0)  # the training processes and workers share the cores
        worker = get_worker_info()
        n_workers = worker.num_workers if worker else 1
        index = self._options.rank * n_workers + (worker.id if worker else 0)
        n_streams = self._options.n_ranks * n_workers
        return batch_by_width(
            self._lines(index, n_streams),
            batch_columns=self._options.batch_columns,
            max_batch=self._options.max_batch,
            keep_rest=False,
        )

    def _lines(self, stream: int, n_streams: int) -> Iterator[EncodedLine]:
        """Encoded lines without end; sources used up all together are begun anew."""
        options = self._options
        rng = np.random.default_rng([options.seed, options.start, stream])
        n_short = options.short_lines_first / n_streams
        n_drawn = 0
        while True:
            shares = self._shares.copy()
            left = np.array([len(s) for s in self._sources]) * (options.max_draws / n_streams)
            while shares.sum() > 0:
                index = int(rng.choice(len(shares), p=shares / shares.sum()))
                line = self._draw(index, rng, short=n_drawn < n_short)
                n_drawn += 1
                left[index] -= 1
                if left[index] <= 0:
                    shares[index] = 0
                if line is not None:
                    yield line
            _LOG.info("Every line was drawn %d times; they begin anew.", options.max_draws)

    def _draw(self, index: int, rng: np.random.Generator, *, short: bool) -> EncodedLine | None:
        """A line of a source, or None if it cannot be read or learnt."""
        try:
            image, text = self._sources[index].draw(rng, short=short)
        except InputError as error:  # one bad file must not end hours of training
            _LOG.warning("A line is left out: %s", error)
            return None
        return self._encoder.encode(image, text, source=index)
