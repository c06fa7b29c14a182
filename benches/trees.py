"""A copy of the sources in which mistakes are planted and switched on one at a time."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copied(tree):
    """Copies what a build needs. Files that have not changed keep their times."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, text=True, capture_output=True,
    ).stdout.splitlines()
    for name in names:
        source, target = ROOT / name, tree / name
        if not source.is_file() or target.exists() and same(source, target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(source.stat().st_mode)
    return tree


def same(source, target):
    return source.read_bytes() == target.read_bytes()


def replace(file, text):
    """Writes a file, unless it has this text already."""
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def with_module(tree, name, text):
    """Adds a public module to the library."""
    lib = tree / "src/lib.rs"
    replace(tree / f"src/{name}.rs", text)
    replace(lib, lib.read_text() + f"\n#[allow(missing_docs)]\npub mod {name};\n")
