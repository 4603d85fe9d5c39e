"""Names of releases: a hash of their content, as twelve hexadecimal digits."""

from __future__ import annotations

import hashlib
import json
from typing import Mapping

from lite_runner.releases.answers import FileEntry


def of_content(about: Mapping[str, object], files: Mapping[str, FileEntry]) -> str:
    """The name of a release.

    Args:
        about: all else that its manifest says of it.
        files: by path, each with at least ``sha256`` and ``mode``, as in its manifest.

    Raises:
        KeyError: a file has none of these.
    """
    content = {path: [files[path]["sha256"], files[path]["mode"]] for path in files}
    text = json.dumps([dict(about), content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
