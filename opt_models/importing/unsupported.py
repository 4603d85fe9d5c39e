"""What an importer cannot write as a Paddle program."""

from __future__ import annotations


class UnsupportedError(Exception):
    """An operator, or a use of one, that has no counterpart in Paddle-Lite.

    Raised where the operator is looked at; whoever knows the file and the node makes an
    :class:`~opt_models.errors.OptError` of it.

    Args:
        problem: as a predicate: "has groups of ...".
        advice: what to do.
    """

    def __init__(
        self, problem: str, advice: str = "export the network without it, or choose another one"
    ) -> None:
        super().__init__(f"{problem}; {advice}")
