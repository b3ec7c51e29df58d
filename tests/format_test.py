#!/usr/bin/env python3
"""Every C++ file is as clang-format writes it (the file .clang-format); `clang-format -i FILE` puts it right."""
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
root = pathlib.Path(__file__).resolve().parent.parent
if shutil.which("clang-format") is None:
    print("skipped: clang-format is not installed")
    sys.exit(SKIPPED)
files = sorted(str(path.relative_to(root)) for folder in ("src", "bench", "fuzz") for pattern in ("*.cpp", "*.h") for path in (root / folder).rglob(pattern))
done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=root, capture_output=True, text=True)
bad = sorted({line.split(":", 1)[0] for line in done.stderr.splitlines() if "code should be clang-formatted" in line})
print(f"{len(files)} files, {len(bad)} of them not formatted")
if bad:
    print("clang-format -i " + " ".join(bad))
sys.exit(1 if done.returncode else 0)
