"""What a debugger has to know of a hotrun run: where a line of a source has gone, and which copies
of the code are live. Knows no debugger."""

import collections
import difflib
import functools
import json
import os
import re
import struct


class LiveCopy(collections.namedtuple('LiveCopy', 'module generation path')):
    """Of a library: one version of its code."""

    def title(self):
        return f'generation {self.generation} of {self.module}'

    def library(self):
        return os.path.join(os.path.dirname(self.path), self.module)


LIVE_COPY = re.compile(r'(?:lib)?(?P<module>.+)_live\.\d+\.(?P<generation>\d+)(?:-\d+)?\.so')

# The layout of core/run_record.hpp, which checks it.
RECORD_NAME = 'memfd:hotrun-record'
RECORD_MAGIC = 0x6e75726e75727468
RECORD_HEAD = struct.Struct('=QQQ') # magic, bytes, number of modules at the end
MODULE_BYTES = 32824
MODULE_NUMBERS = struct.Struct('=QQQ') # generation, candidate, last_number
CODE_AT = 55
CODE_BYTES = 16384

# Lines that have less in common are not one line before and after an edit.
LEAST_LIKENESS = 0.6
# More than that many pairs of lines are another text and not an edit.
MOST_PAIRS = 10000


def live_copy(path):
    """None: that file is no live copy."""
    match = LIVE_COPY.fullmatch(os.path.basename(path))
    return match and LiveCopy(match['module'], int(match['generation']), path)


def read_lines(path):
    """None: it can't be read. Indentation does not count: a line stays itself without it."""
    try:
        with open(path, encoding='utf-8', errors='surrogateescape') as file:
            return tuple(' '.join(line.split()) for line in file)
    except OSError:
        return None


def is_younger(path, than):
    """Whether the one file was written after the other. False too if one is missing."""
    try:
        return os.stat(path).st_mtime_ns > os.stat(than).st_mtime_ns
    except OSError:
        return False


def likeness(one, other):
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def edited_line(old, new, index):
    """Which of the lines `new`, that took the place of `old`, is what the one at `index` became."""
    if len(old) * len(new) <= MOST_PAIRS:
        best = max(range(len(new)), key=lambda at: likeness(old[index], new[at]))
        rivals = (likeness(line, new[best]) for line in old)
        if LEAST_LIKENESS <= likeness(old[index], new[best]) >= max(rivals):
            return best
    return index if len(old) == len(new) else None


def common_length(one, other):
    length = 0
    for mine, yours in zip(one, other):
        if mine != yours:
            break
        length += 1
    return length


@functools.lru_cache(maxsize=64)
def followed(old, new, line):
    """Where line `line` (from 1) of `old` is in `new`; None: it is gone."""
    at = line - 1
    if not 0 <= at < len(old):
        return None
    head = common_length(old, new)
    if at < head:
        return line
    old, new, moved = old[head:], new[head:], at - head
    tail = common_length(old[::-1], new[::-1])
    if moved >= len(old) - tail:
        return line + len(new) - len(old)
    old, new = old[:len(old) - tail], new[:len(new) - tail]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, begin, end, to, to_end in matcher.get_opcodes():
        if not begin <= moved < end:
            continue
        if what == 'equal':
            found = moved - begin
        elif what == 'replace':
            found = edited_line(old[begin:end], new[to:to_end], moved - begin)
        else:
            found = None
        return None if found is None else head + to + found + 1
    return None


class Texts:
    """The sources as they were when code was made from them."""

    def __init__(self):
        self.known = {}

    def of(self, code, path):
        """None: the source was saved after that code was made, and nobody has seen it before."""
        if (code, path) not in self.known:
            self.known[code, path] = None if is_younger(path, code) else read_lines(path)
        return self.known[code, path]

    def forget_all_but(self, codes):
        self.known = {key: text for key, text in self.known.items() if key[0] in codes}


class Statement:
    """What a breakpoint stands on in one source: a line of a text. `libraries` have it."""

    def __init__(self, text, line, libraries=frozenset()):
        self.text = text
        self.line = line
        self.libraries = set(libraries)
        self.is_gone = False

    def line_in(self, text):
        return followed(self.text, text, self.line)


def copies_in_record(read, address):
    """The paths of the live copies that the record at `address` names, each with the number of the
    last generation so far; `read(address, bytes)` gives memory. None: no record that is known."""
    magic, size, count = RECORD_HEAD.unpack(read(address, RECORD_HEAD.size))
    if magic != RECORD_MAGIC or count * MODULE_BYTES > size:
        return None
    copies = {}
    for index in range(count):
        module = address + size - (count - index) * MODULE_BYTES
        numbers = MODULE_NUMBERS.unpack(read(module, MODULE_NUMBERS.size))
        generation, candidate, last_number = numbers
        if not candidate and not generation:
            continue
        code = module + CODE_AT + (CODE_BYTES if candidate else 0)
        text = bytes(read(code, CODE_BYTES)).split(b'\0', 1)[0]
        try:
            paths = [library['copy'] for library in json.loads(os.fsdecode(text))]
        except (ValueError, KeyError, TypeError):
            return None
        copies.update((path, live_copy(path).generation) for path in paths if live_copy(path))
        copies[paths[-1]] = last_number # the module itself
    return copies


def copies_in_records(read, addresses):
    """Of all of them; None if none is known."""
    found = [copies_in_record(read, address) for address in addresses]
    known = [copies for copies in found if copies is not None]
    return dict(collections.ChainMap(*known)) if known else None


def states_of(copies, live):
    """What each copy is: live, old, or next. `live`: as copies_in_record; None if nobody knows."""
    if live is None:
        return ['unknown'] * len(copies)
    if not any(copy.path in live for copy in copies): # they were moved beside a core dump
        live = {os.path.basename(path): number for path, number in live.items()}
        copies = [copy._replace(path=os.path.basename(copy.path)) for copy in copies]
    last = {live_copy(path).library(): number for path, number in live.items()}
    return ['live' if copy.path in live else
            'next' if copy.generation > last.get(copy.library(), 0) else 'old'
            for copy in copies]


def table_of(rows, breakpoints, live):
    """What there is to tell of copies, each with the range of its code and its breakpoints."""
    if not rows:
        return 'hotrun has loaded no code into this program.\n'
    states = states_of([copy for copy, _, _ in rows], live)
    table = [('Module', 'Generation', 'State', 'From', 'To', 'Breakpoints', 'File')]
    for (copy, begin, end), state, numbers in zip(rows, states, breakpoints):
        table.append((copy.module, str(copy.generation), state, hex(begin), hex(end),
                      numbers or '-', copy.path))
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ('  '.join(cell.ljust(width) for cell, width in zip(row, widths)) for row in table)
    return ''.join(line.rstrip() + '\n' for line in lines)
