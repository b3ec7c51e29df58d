#!/usr/bin/env python3
"""Holds every include of src/ to src/LAYERS: a folder includes itself and folders of lower rows only."""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/')


def rows(text):
    """Folder → row number."""
    table = {}
    for line in text.splitlines():
        if line and line[0].isdigit():
            number, *folders = line.split()
            table.update({folder: int(number) for folder in folders})
    return table


def violations(table, files):
    """Problems in (path, text) pairs, one line each."""
    for path, text in files:
        folder = path.split("/")[0]
        if folder not in table:
            yield f"{path}: folder {folder} is not in src/LAYERS"
            continue
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match or match[1] == folder:
                continue
            if match[1] not in table:
                yield f"{path}:{number}: {match[1]} is not in src/LAYERS"
            elif table[match[1]] >= table[folder]:
                yield f"{path}:{number}: {folder} (row {table[folder]}) may not include {match[1]} (row {table[match[1]]})"


def main():
    src = pathlib.Path(__file__).resolve().parent.parent / "src"
    table = rows((src / "LAYERS").read_text())
    planted = [("base/a.h", '#include "os/team.h"\n'), ("os/b.cpp", '#include "json/json.h"\n'), ("nowhere/c.cpp", "")]
    if len(list(violations(table, planted))) != 3:
        sys.exit("the check itself is broken: it does not see planted violations")
    files = [(str(p.relative_to(src)), p.read_text()) for p in sorted(src.rglob("*")) if p.suffix in (".h", ".cpp")]
    found = list(violations(table, files))
    print("\n".join(found) or f"{len(files)} files keep to src/LAYERS")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
