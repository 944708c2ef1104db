"""gdb at work on a program that hotrun reloads: breakpoints stay on their statements, and
`info hotrun` lists the generations of the code that are in the process.

    (gdb) source /usr/share/hotrun/gdb/hotrun.py
"""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import hotrun_live # noqa: E402
sys.path.pop(0)

# How gdb names a place by its line: FILE:LINE, or -source FILE -line LINE.
LINE_SPEC = re.compile(r'(?:-source (?P<file>.+) -line (?P<line>\d+)|(?P<name>[^*].*):(?P<at>\d+))')
MAPPING = re.compile(r'^\s*(?P<begin>0x[0-9a-f]+)\s.*' + hotrun_live.RECORD_NAME, re.MULTILINE)
LIBRARY = re.compile(r'^(?P<from>0x\w+)\s+(?P<to>0x\w+)\s.*?(?P<path>/.*)$', re.MULTILINE)


def say(text):
    gdb.write(f'hotrun: {text}\n')


def code_at(address):
    """The file of the code there; None: there is none."""
    symtab = gdb.find_pc_line(address).symtab
    return symtab and symtab.objfile.filename


class Followed:
    """A breakpoint that was set by file and line, and the statements that it stands on."""

    def __init__(self, breakpoint_, file, line, texts):
        self.breakpoint = breakpoint_
        self.file = file
        self.line = line
        self.texts = texts
        self.text_then = hotrun_live.read_lines(file)
        self.statements = {} # by path
        self.has_turned_off = False

    def title(self, path):
        root = os.path.commonpath([os.path.dirname(other) for other in self.statements])
        place = f'{os.path.relpath(path, root)}:{self.statements[path].line}'
        return f'the statement of breakpoint {self.breakpoint.number}, {place},'

    def places(self):
        """Each of its locations with the path and line there, and the file of the code."""
        for location in self.breakpoint.locations:
            code = location.source and location.fullname and code_at(location.address)
            if code:
                yield location, location.fullname, location.source[1], code

    def learn(self, path, line, code):
        """gdb takes it for that line in that code: the next one that has any."""
        statement = self.statements.get(path)
        if statement is None:
            is_same = os.path.realpath(self.file) == os.path.realpath(path)
            text = self.text_then if is_same else None
            text = text or hotrun_live.read_lines(path)
            if text is None:
                return
            statement = self.statements[path] = hotrun_live.Statement(text, self.line)
        if statement.line == self.line and self.texts.of(code, path) == statement.text:
            statement.line = line
        copy = hotrun_live.live_copy(code)
        if copy:
            statement.libraries.add(copy.library())

    def learn_all(self):
        for _, path, line, code in self.places():
            self.learn(path, line, code)

    def learn_pending(self, objfile):
        """Of code in which gdb has not looked for it yet."""
        try:
            found = gdb.decode_line(f'"{self.file}":{self.line}')[1] or ()
        except gdb.error:
            return
        for place in found:
            if place.symtab is not None and place.symtab.objfile == objfile:
                self.learn(place.symtab.fullname(), place.line, objfile.filename)

    def is_right(self, path, line, code):
        """None: nobody knows."""
        statement = self.statements.get(path)
        text = self.texts.of(code, path)
        if statement is None or text is None:
            return None
        found = statement.line_in(text)
        if found is None:
            return None
        return found == line or found == statement.line == self.line


def new_breakpoint(old, path, line):
    """Throws where there is no code."""
    command = 'hbreak' if old.type == gdb.BP_HARDWARE_BREAKPOINT else 'break'
    command = 't' + command if old.temporary else command
    gdb.execute(f'with breakpoint pending off -- {command} -source "{path}" -line {line}',
                to_string=True)
    return max(gdb.breakpoints(), key=lambda each: each.number)


def set_condition(breakpoint_, condition, code):
    """Throws where it has no meaning in `code`. In older code it need not have any."""
    said = gdb.execute(f'condition {breakpoint_.number} {condition}', to_string=True)
    for number in re.findall(r'at location \d+\.(\d+)', said):
        if code_at(breakpoint_.locations[int(number) - 1].address) == code:
            raise gdb.error(f'its condition, {condition}, has no meaning there')


def copy_settings(old, new, code):
    if old.condition is not None:
        set_condition(new, old.condition, code)
    if old.commands is not None:
        new.commands = old.commands
    new.ignore_count = old.ignore_count
    new.thread = old.thread
    new.task = old.task
    new.silent = old.silent
    new.enabled = old.enabled


def has_code_in(breakpoint_, code):
    return any(code_at(location.address) == code for location in breakpoint_.locations)


class Follower:
    def __init__(self):
        self.texts = hotrun_live.Texts()
        self.followed = {} # by number
        self.is_busy = False # with changes that are our own

    def start(self):
        for breakpoint_ in gdb.breakpoints():
            self.created(breakpoint_)
        gdb.events.breakpoint_created.connect(self.created)
        gdb.events.breakpoint_modified.connect(self.modified)
        gdb.events.breakpoint_deleted.connect(self.deleted)
        gdb.events.new_objfile.connect(self.loaded)

    def created(self, breakpoint_):
        spec = breakpoint_.location and LINE_SPEC.fullmatch(breakpoint_.location)
        kinds = (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT)
        if not spec or not breakpoint_.visible or breakpoint_.type not in kinds:
            return
        file = (spec['file'] or spec['name']).strip('"')
        followed = Followed(breakpoint_, file, int(spec['line'] or spec['at']), self.texts)
        self.followed[breakpoint_.number] = followed
        followed.learn_all()
        if not self.is_busy:
            self.wait_for_text(followed)

    def wait_for_text(self, followed):
        """The user may have set it by a text that was edited after the code was made."""
        told = {}
        for location, path, line, code in followed.places():
            copy = hotrun_live.live_copy(code)
            if copy is None or path not in followed.statements:
                continue
            if self.texts.of(code, path) is None:
                told[path] = (f'was saved after {copy.title()} was built: breakpoint '
                              f'{followed.breakpoint.number} may be on another statement until the '
                              'next one')
            elif not followed.is_right(path, line, code):
                self.turn(followed, location, False)
                told[path] = ('was edited after the code that runs was built: breakpoint '
                              f'{followed.breakpoint.number} waits for the next generation')
        for path, text in told.items():
            say(f'{os.path.basename(path)} {text}')

    def turn(self, followed, location, is_on):
        self.is_busy, was_busy = True, self.is_busy
        followed.has_turned_off |= not is_on
        location.enabled = is_on
        self.is_busy = was_busy

    def modified(self, breakpoint_):
        followed = self.followed.get(breakpoint_.number)
        if followed is not None and not self.is_busy:
            self.review(followed)

    def review(self, followed):
        """Where the text of the code has the statement at another line, this is not the place."""
        followed.learn_all()
        for location, path, line, code in followed.places():
            is_right = followed.is_right(path, line, code)
            if is_right is None:
                continue
            if location.enabled and not is_right:
                self.turn(followed, location, False)
            elif not location.enabled and is_right and followed.has_turned_off:
                self.turn(followed, location, True)

    def deleted(self, breakpoint_):
        self.followed.pop(breakpoint_.number, None)

    def loaded(self, event):
        copy = hotrun_live.live_copy(event.new_objfile.filename or '')
        if not copy:
            return
        self.texts.forget_all_but({objfile.filename for objfile in gdb.objfiles()})
        gdb.execute('maint flush source-cache', to_string=True) # else the old text is listed
        for followed in list(self.followed.values()):
            if not followed.breakpoint.is_valid():
                continue
            if not followed.statements:
                followed.learn_pending(event.new_objfile)
            self.follow(followed, copy)

    def follow(self, followed, copy):
        """`copy` has joined the process, and gdb has not yet looked for the breakpoint there."""
        statements = {}
        for path, statement in followed.statements.items():
            statements[path] = statement
            text = None
            if copy.library() in statement.libraries:
                text = self.texts.of(copy.path, path)
            if text is None:
                continue
            line = statement.line_in(text)
            if line is not None:
                statements[path] = hotrun_live.Statement(text, line, statement.libraries)
            elif not statement.is_gone:
                statement.is_gone = True
                say(f'{followed.title(path)} is gone in {copy.title()}: the breakpoint stays '
                    f'at line {statement.line}')
        if any(statements[path].line != statement.line
               for path, statement in followed.statements.items()):
            self.move(followed, statements, copy)
        else:
            followed.statements = statements

    def move(self, followed, statements, copy):
        self.is_busy = True
        made = {}
        try:
            for path, statement in statements.items():
                new = made[path] = new_breakpoint(followed.breakpoint, path, statement.line)
                copy_settings(followed.breakpoint, new, copy.path)
                is_in_copy = statement is not followed.statements[path]
                if is_in_copy and not has_code_in(new, copy.path):
                    raise gdb.error('that line has no code')
        except gdb.error as error:
            for new in made.values():
                new.delete()
            say(f'{followed.title(path)} is at line {statement.line} in {copy.title()}, but '
                f'the breakpoint stays where it was: {error}')
            return
        finally:
            self.is_busy = False
        for path, new in made.items():
            line = statements[path].line
            place = f'is at line {line} in {copy.title()}: it'
            if line == followed.statements[path].line: # of several, not the one that has moved
                place = 'is where it was, but'
            say(f'{followed.title(path)} {place} has breakpoint {new.number} now')
            self.followed[new.number].statements = {path: statements[path]}
            self.review(self.followed[new.number])
        followed.breakpoint.delete()


def live_copies():
    """Of the process: each with the range of its code."""
    text = gdb.execute('info sharedlibrary', to_string=True)
    for row in LIBRARY.finditer(text):
        copy = hotrun_live.live_copy(row['path'])
        if copy:
            yield copy, int(row['from'], 16), int(row['to'], 16)


def recorded_copies():
    """Those that the runs in the process say to be live; None: they say nothing."""
    try:
        mappings = gdb.execute('info proc mappings', to_string=True)
        records = [int(mapping['begin'], 16) for mapping in MAPPING.finditer(mappings)]
        return hotrun_live.copies_in_records(gdb.selected_inferior().read_memory, records)
    except gdb.error:
        return None


def breakpoints_in(begin, end):
    for breakpoint_ in gdb.breakpoints():
        locations = breakpoint_.locations if breakpoint_.visible else ()
        if any(location.enabled and begin <= location.address < end for location in locations):
            yield str(breakpoint_.number)


class InfoHotrun(gdb.Command):
    """The generations of hot code that are in the process.

For each its module, its number, whether it is live (the code that runs), next (loaded, and not
switched to yet) or old (it has been replaced, and something may still lead into it), where its code
is, and the breakpoints in it."""

    def __init__(self):
        super().__init__('info hotrun', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        rows = sorted(live_copies())
        numbers = [', '.join(breakpoints_in(begin, end)) for _, begin, end in rows]
        gdb.write(hotrun_live.table_of(rows, numbers, recorded_copies()))


if not hasattr(gdb, 'BreakpointLocation'):
    raise gdb.GdbError('hotrun.py needs gdb 13 or later: this is gdb ' + gdb.VERSION)
if not hasattr(gdb, 'hotrun'): # else it was sourced before
    gdb.hotrun = Follower()
    gdb.hotrun.start()
    InfoHotrun()
