"""How the learning rate follows the progress of a run.

Warm-up, a constant rate, a linear fall to zero at the end. The flat part can be cut anywhere and
continued, and a short fall turns any point of it into a finished model; a cosine allows neither.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Length of a run and its fall, in seconds or in steps; the warm-up is always in steps.

    Attributes:
        end: progress at which the run ends, earlier calls included.
        fall: length of the fall before the end; 0: none.
        warm_up_steps: steps over which the rate rises.
    """

    end: float
    fall: float
    warm_up_steps: int

    @classmethod
    def plan(cls, *, used: float, length: float, cooldown: float, warm_up_steps: int) -> "Schedule":
        """Schedule of a call that goes on from `used` for `length`.

        The fall takes the share `cooldown` of everything used at the end, at most this call.
        """
        end = used + length
        return cls(end, min(length, cooldown * end), warm_up_steps)

    def factor(self, step: int, progress: float) -> float:
        """Share of the peak rate at a step (from 0), 0 to 1."""
        rise = min(1.0, (step + 1) / self.warm_up_steps) if self.warm_up_steps else 1.0
        if not self.fall:
            return rise
        return rise * min(1.0, max(0.0, (self.end - progress) / self.fall))

    def is_over(self, progress: float) -> bool:
        """True when the run has used what it was given."""
        return progress >= self.end
