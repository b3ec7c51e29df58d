"""Python packages for a test, in an environment of its own."""
import os
import subprocess
import sys


def enter(folder, *packages):
    """Goes on in `folder`/venv with these packages; exits with 77 where they cannot be had."""
    venv, mark = os.path.join(folder, "venv"), os.path.join(folder, "complete")
    python = os.path.join(venv, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(venv):
        return
    wanted = " ".join(packages)
    if not os.path.exists(mark) or open(mark).read() != wanted:
        for command in ([sys.executable, "-m", "venv", venv], [python, "-m", "pip", "install", "--quiet", *packages]):
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if result.returncode != 0:
                print(f"skipped: {' '.join(command)}: {result.stderr.strip()[-300:]}")
                sys.exit(77)
        with open(mark, "w") as file:
            file.write(wanted)
    os.execv(python, [python, *sys.argv])
