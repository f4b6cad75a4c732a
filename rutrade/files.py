"""Files: where the compendium is, whole-file writes, fingerprints."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from rutrade import InputError


def root() -> Path:
    """The compendium's folder."""
    return Path(__file__).resolve().parents[1]


def write(path: Path, content: str | bytes) -> None:
    """Write a whole file or none: aside first, then moved over the old one.

    Raises InputError when the place cannot be written; what stood there stays.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
        aside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); what stood there is kept") from None
    finally:
        aside.unlink(missing_ok=True)


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """sha256 over texts, bytes and the content of files, in the given order, each told from the next."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()
