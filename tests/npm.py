"""Packages of npm that tests need, each kept in a folder of its own."""
import json
import pathlib
import subprocess
import sys

from box import SKIPPED

NODE = str(pathlib.Path(__file__).resolve().parent.parent / "cmake" / "node.sh")


def ensure(folder, name, version):
    """Fetches the package into folder/node_modules where it is not there in this version ("9" or "1.65.1"). Where it cannot
    be had the test says so and is skipped."""
    folder = pathlib.Path(folder)
    package = folder / "node_modules" / name / "package.json"
    if package.exists() and (json.loads(package.read_text())["version"] + ".").startswith(version + "."):
        return
    folder.mkdir(parents=True, exist_ok=True)
    result = subprocess.run([NODE, "install", "--silent", "--no-save", "--prefix", folder, f"{name}@{version}"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        print(f"skipped: {name}@{version} could not be fetched: {result.stderr.strip()[-300:]}")
        sys.exit(SKIPPED)
