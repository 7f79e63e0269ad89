"""Starting weights as Keras draws them, for the networks of 2019 that were written in Keras."""

from torch import nn


def initialise_as_keras(module: nn.Module) -> None:
    """Draws the weights of a convolution, linear layer or LSTM anew; leaves other modules alone.

    Weights are Glorot uniform, biases zero. In an LSTM, the weights between states are orthogonal,
    the forget gate's bias is 1, and the second of torch's two biases, which Keras does not have,
    stays zero for good.

    Source: the defaults of `Conv2D`, `Dense` and `LSTM` in the documentation of Keras 2.
    """
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    if isinstance(module, nn.LSTM):
        _initialise_lstm(module)


def _initialise_lstm(lstm: nn.LSTM) -> None:
    """As above; torch has the gates in the order input, forget, cell, output."""
    for name, values in lstm.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(values)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(values)
        else:
            nn.init.zeros_(values)
            if name.startswith("bias_ih"):
                nn.init.ones_(values[lstm.hidden_size : 2 * lstm.hidden_size])
            else:
                values.requires_grad_(False)
