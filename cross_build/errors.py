"""Errors of boards and deploys; one line each, like the runner's."""

from __future__ import annotations

from lite_runner.errors import LiteError


class BoardError(LiteError):
    """A board is unknown, cannot be reached, or is not what its target says."""


class DeployError(LiteError):
    """A deploy did not come to its end; the release that was in use still is."""
