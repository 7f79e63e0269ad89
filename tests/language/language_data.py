"""Text for tests, written for them."""

PROSE = (
    "it was a bright cold day in april and the clocks were striking thirteen and the old man sat",
    "by the window watching the rain fall on the empty road that led down to the grey harbour",
    "nobody knew where the ships had gone nor when they would come back to the little town",
    "she counted the letters in the box again and again until the candle burned down to nothing",
)
