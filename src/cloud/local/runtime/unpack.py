"""Unpacks an archive as a packed environment has it: links and modes stay, nothing leaves the folder."""

import os
import stat
import sys
import tarfile
import zipfile


def unzip(archive, into):
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            mode = member.external_attr >> 16
            path = zipped.extract(member, into)
            if stat.S_ISLNK(mode):
                target = zipped.read(member).decode()
                os.remove(path)
                os.symlink(target, path)
            elif mode and not member.is_dir():
                os.chmod(path, stat.S_IMODE(mode) & 0o755 | 0o600)


def untar(archive, into):
    with tarfile.open(archive) as packed:
        if hasattr(tarfile, "tar_filter"):
            packed.extractall(into, filter="tar")
        else:
            packed.extractall(into)


archive, into = sys.argv[1:]
(unzip if zipfile.is_zipfile(archive) else untar)(archive, into)
