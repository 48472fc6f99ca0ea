"""What can go wrong, each as one paragraph a person can act on."""

from __future__ import annotations


class ScalingError(Exception):
    """Any error whose message is meant for the user."""


class InvalidInput(ScalingError):
    """A file, field or argument that does not say what it has to; nothing can be computed from it."""


class BrokenEvidence(ScalingError):
    """Evidence that was named but cannot be read: a refused connection, a truncated file, a foreign format."""


class NotMeasured(ScalingError):
    """Evidence of this kind was not given; the message says what to supply and what it would decide.

    supply: the same as an action of its own, a sentence; "" where the message is all there is.
    """

    def __init__(self, message: str, *, supply: str = "") -> None:
        super().__init__(message)
        self.supply = supply


class NotEnoughData(ScalingError):
    """The evidence is too small for the question; the message says how much is needed."""
