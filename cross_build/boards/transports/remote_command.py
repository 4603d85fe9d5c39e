"""Commands for any login shell: sh, bash, zsh, csh, tcsh or fish, with or without a greeting.

SSH servers give a command to the user's login shell, as one string. Shells differ in what they take
literally: csh and tcsh replace ``!`` and end at line breaks within quotes, too, fish takes two
backslashes for one there. So only characters go that mean the same to all of them, and ``sh`` on
the board makes the words of these again (POSIX: printf, ``%b``).

What a login shell prints at its start, such as a greeting in ``.bashrc``, comes before what the
command prints. Lines of ours, which nobody else knows, stand around the latter.
"""

from __future__ import annotations

import re
import shlex
import uuid
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

#: Within single quotes, and within double quotes of sh, these stand for themselves in every shell.
_LITERAL = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,.:;/=+-_@%()[]{}<>|&*?#~^"
)
_DECODE = """sh -c 'eval "$(printf %b "$@")"' sh"""
_CHARACTER = re.compile(r"\\0\d{3}|[^\\]")
#: Older csh take no words of more than 1024 characters.
_LONGEST_WORD = 800
#: Tells the lines apart that stand before and behind what a command writes. The line itself is not
#: part of the command, which a shell may print (csh's ``verbose``).
_NAME, _BEGIN, _END = "lite-ocr", "begin", "end"


@dataclass(frozen=True)
class RemoteCommand:
    """A command of one use.

    Attributes:
        line: for the login shell.
        begin: the line, with its end, before what the command writes to either stream.
        end: the line behind it; it follows an unfinished line directly.
    """

    line: str
    begin: bytes
    end: bytes

    def skip_greeting(self, stdout: Iterator[bytes]) -> bytes | None:
        """Read up to where the command's own output begins.

        Returns:
            None; or all that came, if it does not begin: the login shell did not run the command.
        """
        greeting = []
        for line in stdout:
            if line.endswith(self.begin):
                return None
            greeting.append(line)
        return b"".join(greeting)

    def lines(self, stdout: Iterator[bytes]) -> Iterator[bytes]:
        """The command's own lines, after :meth:`skip_greeting`; what follows is read, too."""
        for line in stdout:
            if line.endswith(self.end):
                if line != self.end:
                    yield line[: -len(self.end)]
                break
            yield line
        for _ in stdout:
            pass

    def own_errors(self, stderr: bytes) -> bytes:
        """What the command itself wrote to standard error; all of it where it did not begin."""
        _, _, after = stderr.rpartition(self.begin)
        return after.partition(self.end)[0]


def make(words: Sequence[str], environment: Mapping[str, str] | None = None) -> RemoteCommand:
    """A command that ends with an exit code also where a signal ended its program (128 and more).

    Args:
        words: program and arguments, taken literally.
        environment: variables for it.
    """
    key = uuid.uuid4().hex
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    program = shlex.join(["env", *variables, *words] if variables else words)
    script = "\n".join([_mark(key, _BEGIN), program, "code=$?", _mark(key, _END), "exit $code"])
    line = " ".join([_DECODE, *(f"'{word}'" for word in _encoded(script))])
    return RemoteCommand(line, _marked(key, _BEGIN), _marked(key, _END))


def _mark(key: str, word: str) -> str:
    print_line = f"printf '%s %s %s\\n' {_NAME} {word} {key}"
    return f"{print_line}; {print_line} >&2"


def _marked(key: str, word: str) -> bytes:
    return f"{_NAME} {word} {key}\n".encode()


def _encoded(text: str) -> list[str]:
    """Text as arguments of ``printf %b``, in characters that no shell changes in single quotes."""
    data = text.encode("utf-8", "surrogateescape")
    code = "".join(chr(byte) if byte in _LITERAL else f"\\0{byte:03o}" for byte in data)
    words = [""]
    for character in _CHARACTER.findall(code):
        if len(words[-1]) + len(character) > _LONGEST_WORD:
            words.append("")
        words[-1] += character
    return words
