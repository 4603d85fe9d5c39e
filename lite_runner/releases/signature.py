"""Signatures of OpenSSH (PROTOCOL.sshsig), which board systems can check without another package.

minisign would be smaller, but none of these systems has it; ``ssh-keygen`` is wherever SSH is.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

#: What signatures are for, so that one made for something else is not taken, and who signs.
NAMESPACE = SIGNER = "lite-ocr"
#: Of a file's name, behind it.
SUFFIX = ".sig"
_PROGRAM = "it takes ssh-keygen of OpenSSH 8.1 or newer: sudo apt-get install openssh-client"


class SignatureError(Exception):
    """A signature is missing or wrong, or cannot be checked; the text is one line."""


def check(data: bytes, signature: Path, keys: Path) -> None:
    """Check that data was signed by one of some keys.

    Args:
        data: that was signed.
        signature: file of the signature.
        keys: file of public keys, one a line, as ``ssh-keygen`` writes them (``id_ed25519.pub``).

    Raises:
        SignatureError: it was not, or cannot be checked; says what to do.
    """
    if not signature.is_file():
        raise SignatureError(
            f"{signature}: is not there, so this is not signed; build it with --sign KEY, or leave"
            " out --verify"
        )
    with tempfile.TemporaryDirectory() as folder:
        signers = Path(folder) / "signers"
        signers.write_text(_signers(keys), encoding="utf-8")
        command = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", SIGNER]
        command += ["-f", str(signers), "-s", str(signature)]
        _run(command, data, f"{signature}: is no signature of this by a key in {keys}")


def make(data: bytes, key: Path) -> bytes:
    """Sign data; a passphrase is asked for by ``ssh-keygen`` itself.

    Args:
        data: what is signed.
        key: file of a private key, or of a public one whose private one an agent has.

    Raises:
        SignatureError: the key cannot be used.
    """
    if not key.is_file():
        raise SignatureError(f"{key}: is no key; make one with 'ssh-keygen -t ed25519 -f {key}'")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)]
    return _run(command, data, f"{key}: cannot sign")


def _signers(keys: Path) -> str:
    """The keys as ``ssh-keygen`` wants them (ALLOWED SIGNERS in ssh-keygen(1))."""
    try:
        lines = keys.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SignatureError(f"{keys}: cannot be read ({error}); give a file id_*.pub") from error
    public_keys = [line for line in lines if line.startswith(("ssh-", "ecdsa-", "sk-"))]
    if not public_keys:
        raise SignatureError(f"{keys}: has no public key of SSH; give a file id_*.pub")
    return "".join(f'{SIGNER} namespaces="{NAMESPACE}" {line}\n' for line in public_keys)


def _run(command: list[str], data: bytes, failure: str) -> bytes:
    try:
        run = subprocess.run(command, input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise SignatureError(_PROGRAM) from error
    if run.returncode != 0:
        words = (run.stderr + run.stdout).decode("utf-8", "replace").strip().splitlines()
        if any("unknown option" in line or "illegal option" in line for line in words):
            raise SignatureError(_PROGRAM)
        raise SignatureError(f"{failure} ({words[-1].strip() if words else 'no reason given'})")
    return run.stdout
