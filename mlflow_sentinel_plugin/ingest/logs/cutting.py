"""Where the last complete record of a block of text ends."""

from __future__ import annotations

import re

_QUOTED = re.compile(rb'(?:\A|(?<=[,\n]))"(?:[^"]|"")*("|\Z)')
"""A quote opens a cell only at its beginning, as Arrow's parser has it."""


def lines_end(block: bytes) -> int:
    """End of the last complete line; 0 without any.

    >>> lines_end(b"a\\nb\\nc")
    4
    """
    return block.rfind(b"\n") + 1


def records_end(block: bytes) -> int:
    """End of the last CSV record; line ends inside quoted cells end none.

    Args:
        block: Begins with a record.

    >>> records_end(b'1,"x\\ny"\\n2,"z\\n')
    8
    """
    end = lines_end(block)
    if b'"' not in block:
        return end
    spans = [(m.start(), m.end(), bool(m[1])) for m in _QUOTED.finditer(block)]
    for start, stop, closed in reversed(spans):
        if end > stop and closed:
            break
        if end > start:
            end = lines_end(block[:start])
    return end
