"""JSON lines and CSV: text that grows line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge
from mlflow_sentinel_plugin.ingest.csv_rows import read_csv
from mlflow_sentinel_plugin.ingest.json_rows import read_ndjson
from mlflow_sentinel_plugin.ingest.logs.cutting import lines_end, records_end
from mlflow_sentinel_plugin.ingest.logs.forward import Forward
from mlflow_sentinel_plugin.ingest.logs.marks import HEAD, TAIL, Known, Mark, digest, mark_of
from mlflow_sentinel_plugin.ingest.logs.portion import BLOCK_LIMITS, Portion, Unit
from mlflow_sentinel_plugin.ingest.rows import SAMPLES
from mlflow_sentinel_plugin.ingest.strict_json import decode

BLOCK = 4 << 20
"""Bytes read at a time."""
MAX_RECORD = 8 << 20
"""A longer line is given up, piece by piece."""
OPEN_QUOTE = 1 << 20
"""A quote that is open for so long was no opening quote."""
_MAX_HEADER = 1 << 18


class Lines:
    """Reads lines of text from a file, see :class:`Reader`."""

    unit: Unit = "bytes"

    def __init__(self, content: Forward, *, csv: bool) -> None:
        self._content = content
        self._csv = self.untyped = csv
        self._header = self._read_header() if csv else b""
        self.is_ready = not csv or bool(self._header)
        self._head_size = len(self._header) + HEAD
        self._head = content.peek(self._head_size)
        self._tail = b""

    def resume(self, position: int, mark: Mark) -> Known:
        if digest(self._head[: mark.head]) != mark.head_digest or len(self._head) < mark.head:
            return "other"
        if not self._content.skip_to(position - mark.tail):
            return "shorter"
        tail = self._content.read(mark.tail)
        if len(tail) < mark.tail:
            return "shorter"
        self._tail = tail
        return "same" if digest(tail) == mark.tail_digest else "other"

    def portions(self, *, final: bool, wanted: Collection[str] | None) -> Iterator[Portion]:
        del wanted  # All columns are parsed anyway.
        if self._content.position == 0 and self._header:
            self._pass(self._content.read(len(self._header)))
        rest = b""
        while True:
            rest, at_end = self._more(rest)
            end = self._cut(rest)
            if end == 0 and at_end:
                end = len(rest) if self._is_complete(rest, final) else 0
                if end == 0:
                    return
            if end == 0:
                if len(rest) < MAX_RECORD:
                    continue
                yield self._given_up(rest)
                rest = b""
                continue
            block, rest = rest[:end], rest[end:]
            start = self._content.position - len(rest) - len(block)
            yield self._read(block, start)

    def _more(self, rest: bytes) -> tuple[bytes, bool]:
        piece = self._content.read(max(BLOCK - len(rest), BLOCK // 4))
        return rest + piece, not piece

    def _cut(self, block: bytes) -> int:
        if not self._csv:
            return lines_end(block)
        end = records_end(block)
        return end if end or len(block) < OPEN_QUOTE else lines_end(block)

    def _is_complete(self, rest: bytes, final: bool) -> bool:
        """Whether what stands after the last line end is a whole line."""
        if not rest.strip() or not (final or self._content.is_whole):
            return False
        return True if self._csv or self._content.is_whole else _is_json(rest)

    def _read(self, block: bytes, start: int) -> Portion:
        self._pass(block)
        end = start + len(block)
        return replace(self._parsed(block, start), end=end, mark=mark_of(self._head_at(end), self._tail))

    def _given_up(self, piece: bytes) -> Portion:
        self._pass(piece)
        end = self._content.position
        reason = f"the line is longer than {MAX_RECORD} bytes"
        mark = mark_of(self._head_at(end), self._tail)
        return Portion((), end, mark, 1, ((end - len(piece), reason),))

    def _parsed(self, block: bytes, start: int) -> Portion:
        """The rows of a block; of one that cannot be read as a whole, those of its halves."""
        if not block.strip():
            return Portion((), 0, Mark())
        try:
            if self._csv:
                rows = read_csv(self._header + block, None, BLOCK_LIMITS)
            else:
                rows = read_ndjson(block, BLOCK_LIMITS)
        except (InvalidInput, TooLarge) as error:
            return self._halves(block, start, error)
        samples = tuple((start + _offset(block, line), reason) for line, reason in rows.samples)
        return Portion((rows.table,), 0, Mark(), rows.rejected, samples)

    def _halves(self, block: bytes, start: int, error: InvalidInput | TooLarge) -> Portion:
        rejected = int(error.details.get("rejected", 0))
        if rejected:  # each line was looked at
            found = tuple((start + _offset(block, line), why) for line, why in error.details["samples"])
            return Portion((), 0, Mark(), rejected, found)
        middle = lines_end(block[: len(block) // 2]) or block.find(b"\n") + 1
        if middle in (0, len(block)):
            return Portion((), 0, Mark(), 1, ((start, error.message),))
        return _joined(self._parsed(block[:middle], start), self._parsed(block[middle:], start + middle))

    def _read_header(self) -> bytes:
        head = self._content.peek(_MAX_HEADER)
        blank = len(head) - len(head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))
        end = head.find(b"\n", blank) + 1
        if end == 0 and len(head) >= _MAX_HEADER:
            raise InvalidInput(f"the CSV header is longer than {_MAX_HEADER} bytes")
        return head[:end]

    def _head_at(self, end: int) -> bytes:
        return self._head[: min(end, self._head_size)]

    def _pass(self, piece: bytes) -> None:
        self._tail = (self._tail + piece[-TAIL:])[-TAIL:]


def shortened_end(content: Forward, size: int) -> tuple[int, Mark]:
    """Where a plain file that was cut goes on: behind its last complete line, with the mark of that place."""
    head = content.peek(HEAD)
    content.skip_to(max(0, size - MAX_RECORD))
    start = content.position
    text = content.read(size - start)
    end = start + lines_end(text)
    return end, mark_of(head[:end], text[: lines_end(text)][-TAIL:])


def _joined(first: Portion, second: Portion) -> Portion:
    samples = (first.samples + second.samples)[:SAMPLES]
    return Portion(first.tables + second.tables, 0, Mark(), first.rejected + second.rejected, samples)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(decode(line.decode()), dict)
    except ValueError:
        return False


def _offset(block: bytes, line: int) -> int:
    """Where a line (from 1) of the block begins."""
    at = 0
    for _ in range(line - 1):
        at = block.find(b"\n", at) + 1
        if at == 0:
            return 0
    return at
