"""lldb at work on a program that hotrun reloads: breakpoints stay on their statements, and the
command `hotrun` lists the generations of the code that are in the process.

    (lldb) command script import /usr/share/hotrun/lldb/hotrun.py
"""

import json
import os
import sys
import tempfile
import threading
import traceback

import lldb

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'gdb'))
import hotrun_live # noqa: E402
sys.path.pop(0)


def path_of(spec):
    return os.path.join(spec.GetDirectory() or '', spec.GetFilename() or '')


def breakpoints_of(target):
    return [target.GetBreakpointAtIndex(index) for index in range(target.GetNumBreakpoints())]


def locations_of(breakpoint_):
    """Each with the path and line there, and the file of the code."""
    for index in range(breakpoint_.GetNumLocations()):
        location = breakpoint_.GetLocationAtIndex(index)
        entry = location.GetAddress().GetLineEntry()
        code = path_of(location.GetAddress().GetModule().GetFileSpec())
        if entry.IsValid():
            yield location, os.path.realpath(path_of(entry.GetFileSpec())), entry.GetLine(), code


def settings_of(breakpoint_):
    """All that it is made of; None if it was not set by file and line."""
    stream = lldb.SBStream()
    breakpoint_.SerializeToStructuredData().GetAsJSON(stream)
    settings = json.loads(stream.GetData() or '{}')
    resolver = settings.get('Breakpoint', {}).get('BKPTResolver', {})
    return settings if resolver.get('Type') == 'FileAndLine' else None


def new_breakpoint(target, settings, path, line):
    """Is off as yet: the program runs."""
    settings['Breakpoint']['BKPTOptions']['EnabledState'] = False
    settings['Breakpoint']['BKPTResolver']['Options'].update(
        {'FileName': path, 'LineNumber': line, 'Column': 0})
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump([settings], file)
        file.flush()
        made = lldb.SBBreakpointList(target)
        error = target.BreakpointsCreateFromFile(lldb.SBFileSpec(file.name), made)
    if error.Fail():
        raise RuntimeError(error.GetCString())
    return made.GetBreakpointAtIndex(0)


def title_of(breakpoint_, path, statement):
    place = f'{os.path.basename(path)}:{statement.line}'
    return f'the statement of breakpoint {breakpoint_.GetID()}, {place},'


def say(text):
    print(f'hotrun: {text}', flush=True)


class Follower(threading.Thread):
    """Hears of breakpoints and of code that is loaded, while the program goes on."""

    EVENTS = lldb.SBTarget.eBroadcastBitModulesLoaded | lldb.SBTarget.eBroadcastBitBreakpointChanged

    def __init__(self, debugger):
        super().__init__(daemon=True)
        self.listener = lldb.SBListener('hotrun')
        self.listener.StartListeningForEventClass(
            debugger, lldb.SBTarget.GetBroadcasterClassName(), self.EVENTS)
        self.texts = hotrun_live.Texts()
        self.statements = {} # by breakpoint, then by path
        for index in range(debugger.GetNumTargets()):
            target = debugger.GetTargetAtIndex(index) # from before the class was listened to
            self.listener.StartListeningForEvents(target.GetBroadcaster(), self.EVENTS)
            for breakpoint_ in breakpoints_of(target):
                self.learn(breakpoint_)

    def run(self):
        event = lldb.SBEvent()
        while True:
            if not self.listener.WaitForEvent(60, event):
                continue
            try:
                self.take(event)
            except Exception: # pylint: disable=broad-exception-caught # else lldb says nothing
                traceback.print_exc(file=sys.stdout)

    def take(self, event):
        if lldb.SBBreakpoint.EventIsBreakpointEvent(event):
            self.learn(lldb.SBBreakpoint.GetBreakpointFromEvent(event))
            return
        target = lldb.SBTarget.GetTargetFromEvent(event)
        for index in range(lldb.SBTarget.GetNumModulesFromEvent(event)):
            module = lldb.SBTarget.GetModuleAtIndexFromEvent(index, event)
            copy = hotrun_live.live_copy(path_of(module.GetFileSpec()))
            for breakpoint_ in breakpoints_of(target) if copy else ():
                self.follow(target, breakpoint_, copy)

    def learn(self, breakpoint_):
        if settings_of(breakpoint_) is None:
            return
        statements = self.statements.setdefault(breakpoint_.GetID(), {})
        for _, path, line, code in locations_of(breakpoint_):
            copy = hotrun_live.live_copy(code)
            text = self.texts.of(code, path) or hotrun_live.read_lines(path)
            if text is None or copy is None:
                continue
            statement = statements.setdefault(path, hotrun_live.Statement(text, line))
            statement.libraries.add(copy.library())

    def follow(self, target, breakpoint_, copy):
        before = self.statements.get(breakpoint_.GetID(), {})
        statements = dict(before)
        for path, statement in before.items():
            if copy.library() not in statement.libraries:
                continue
            text = self.texts.of(copy.path, path)
            line = text and statement.line_in(text)
            if line:
                statements[path] = hotrun_live.Statement(text, line, statement.libraries)
            elif text and not statement.is_gone:
                statement.is_gone = True
                say(f'{title_of(breakpoint_, path, statement)} is gone in {copy.title()}: the '
                    f'breakpoint stays at line {statement.line}')
        if any(statements[path].line != statement.line for path, statement in before.items()):
            self.move(target, breakpoint_, statements, copy)
        elif before:
            self.statements[breakpoint_.GetID()] = statements
        self.learn(breakpoint_)

    def move(self, target, breakpoint_, statements, copy):
        before = self.statements.pop(breakpoint_.GetID())
        for path, statement in statements.items():
            made = new_breakpoint(target, settings_of(breakpoint_), path, statement.line)
            for location, _, _, code in locations_of(made):
                if self.texts.of(code, path) != statement.text:
                    location.SetEnabled(False)
            made.SetEnabled(breakpoint_.IsEnabled())
            self.statements[made.GetID()] = {path: statement}
            say(f'{title_of(breakpoint_, path, before[path])} is at line {statement.line} in '
                f'{copy.title()}: it has breakpoint {made.GetID()} now')
        target.BreakpointDelete(breakpoint_.GetID())


def recorded_copies(process):
    def read(address, size):
        error = lldb.SBError()
        return process.ReadMemory(address, size, error) or bytes(size)

    regions = process.GetMemoryRegions()
    region = lldb.SBMemoryRegionInfo()
    records = []
    for index in range(regions.GetSize()):
        if regions.GetMemoryRegionAtIndex(index, region) and \
                hotrun_live.RECORD_NAME in (region.GetName() or ''):
            records.append(region.GetRegionBase())
    return hotrun_live.copies_in_records(read, records)


def hotrun(debugger, command, context, result, _):
    """The generations of hot code that are in the process, and the breakpoints in each."""
    target = context.GetTarget()
    rows = []
    numbers = []
    for index in range(target.GetNumModules()):
        module = target.GetModuleAtIndex(index)
        copy = hotrun_live.live_copy(path_of(module.GetFileSpec()))
        text = module.FindSection('.text')
        begin = text.GetLoadAddress(target)
        if copy and begin != lldb.LLDB_INVALID_ADDRESS:
            rows.append((copy, begin, begin + text.GetByteSize()))
    rows.sort()
    for copy, _, _ in rows:
        numbers.append(', '.join(
            str(breakpoint_.GetID()) for breakpoint_ in breakpoints_of(target)
            if any(location.IsEnabled() and code == copy.path
                   for location, _, _, code in locations_of(breakpoint_))))
    result.Print(hotrun_live.table_of(rows, numbers, recorded_copies(context.GetProcess())))


def __lldb_init_module(debugger, _):
    debugger.HandleCommand(f'command script add -f {__name__}.hotrun hotrun')
    Follower(debugger).start()
