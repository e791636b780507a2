"""A function's zip as a folder on disk, unpacked once."""

import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path


class BadPackage(Exception):
    """The zip cannot be run; the message says why."""


def unpack(archive: Path, folder: Path) -> Path:
    """Unpacks `archive` to `folder` unless that exists, and returns `bootstrap` in it.

    Written beside and renamed, so that a folder that exists is whole, whoever
    else unpacks the same version at the same time. Files are read-only, as
    they are on Lambda; folders are not, so that `rm -r` cleans up.
    """
    bootstrap = folder / "bootstrap"
    if folder.is_dir():
        return bootstrap
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".unpack-", dir=folder.parent))
    try:
        _extract(archive, work)
        try:
            work.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return bootstrap


def _extract(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as package:
            if "bootstrap" not in package.namelist():
                raise BadPackage("the zip has no file named bootstrap at its top level")
            for entry in package.infolist():
                target = _inside(folder, entry.filename)
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with package.open(entry) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out)
                executable = entry.filename == "bootstrap" or (entry.external_attr >> 16) & stat.S_IXUSR
                os.chmod(target, 0o555 if executable else 0o444)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise BadPackage(f"not a zip that can be read: {error}") from error
    os.chmod(folder, 0o755)


def _inside(folder: Path, name: str) -> Path:
    """The place of an entry; refuses names that lead out of the folder."""
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
        raise BadPackage(f"the zip has an entry outside its folder: {name!r}")
    return folder / name
