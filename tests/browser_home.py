"""A home folder whose Chromium trusts a box's authority: browsers make no passkeys on a page with a certificate error."""
import os
import pathlib
import shutil
import subprocess


def can_be_made():
    return shutil.which("certutil") is not None


def make(home, ca):
    """Variables for whoever starts the browser. The store of certificates is NSS's, as Chromium reads it."""
    store = pathlib.Path(home) / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "box", "-i", ca]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True)
    # What is kept between builds stays where it is.
    return {"HOME": str(home), "COFRE_CACHE": os.environ.get("COFRE_CACHE", os.path.expanduser("~/.cache/cofre"))}
