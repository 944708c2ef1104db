#!/usr/bin/env python3
"""Each text that a user can see is in a test's words: messages_test.py ROOT

A text is a literal of tool/ and runner/ that has three words or more, and, however few words it
has, what stands behind an ErrorKind or a RejectReason there, or is given to system_error() or
another function that makes an Error of a text. A test has it if a literal in tests/ has four words
of it in a row, or all words of one of its parts: two at least. Its parts lie between its %s.
"""

import pathlib
import re
import sys
import tempfile

ROOMS = ['tool', 'runner']
OWN_NAME = pathlib.Path(__file__).name
TEST_SUFFIXES = {'.cpp', '.hpp', '.py', '.inc'}
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
RAW = re.compile(r'R"(\w*)\((.*?)\)\1"', re.DOTALL)
UNSEEN = re.compile(r"""^[ \t]*(?://|#include|#error).*$|(?<=[;,{] )//.*$|'\\?"'""", re.MULTILINE)
ESCAPE = re.compile(r'\\(?:x[0-9a-f]{2}|[nrt])')
CONVERSION = re.compile(r'%[-+ #0-9.*]*(?:hh|h|ll|l|z|j)?[diouxXeEfgGcsp]')
MARKUP = re.compile(r'</?[a-z!][^<>]*(?:>|$)|(?<= )[\w-]+="[^"]*(?:"|$)', re.IGNORECASE)
WORD = re.compile(r'(?:^|\s)[^\s/]*[A-Za-z]{2}[^\s/]*(?=\s|$)')
MAKER = re.compile(r'^(?:inline )?Error (\w+)\((?:const std::string &|std::string )', re.MULTILINE)

REFUSED = 'only a kernel says so that has no memory, descriptors or places left'
ANOTHER = 'only another version, or another program at the same moment, brings it about'
KERNEL = 'which file system it is, or why it refuses, only the kernel says'
WHOLE = 'only the whole program says so, and no end-to-end test asks for it'
# The words in them are of a shell.
CODE = {'tool/completions.cpp', 'tool/linux/notify_desktop.cpp'}
# (file, a part of the words, why no test has them)
UNTESTED = [
    ('tool/init.cpp', 'nothing is written; say --yes', WHOLE),
    ('tool/requests.cpp', 'is it another version?', ANOTHER),
    ('tool/requests.cpp', 'has no control socket', 'its last place, in /tmp, is there for tests'),
    ('runner/core/kept_code.cpp', "the module's code is not known", ANOTHER),
    ('runner/core/migration.cpp', 'a block of a type that has changed is damaged',
     'the check of the heap before it finds each damage that a test can do'),
    ('runner/doctor.cpp', 'looking at the build folder', WHOLE),
    ('runner/doctor.cpp', 'timing linkers on', WHOLE),
    ('runner/kept_heap.cpp', 'is taken in this process', ANOTHER),
    ('runner/kept_heap.cpp', 'has no state yet', ANOTHER),
    ('runner/kept_heap.cpp', 'no memory is left for', REFUSED),
    ('runner/linked/linked_runner.cpp', 'a program with its module linked in has no',
     'the Runner of a release and the other one are not in one program'),
    ('runner/linked/linked_runner.cpp', 'no descriptor left to wake', REFUSED),
    ('runner/linux/build_lock.cpp', "can't open the build folder", ANOTHER),
    ('runner/linux/build_lock.cpp', "can't lock the build folder", REFUSED),
    ('runner/linux/control_socket.cpp', "can't look at the folder", ANOTHER),
    ('runner/linux/control_socket.cpp', "can't listen at", REFUSED),
    ('runner/linux/dl_library_loader.cpp', 'gave no reason', 'glibc always gives one'),
    ('runner/linux/file_storage.cpp', "can't lock", REFUSED),
    ('runner/linux/guarded_thread.hpp', 'a generation that was closed',
     'no test looks at what is told of a call into such a one'),
    ('runner/linux/heap_mapping.cpp', 'a permanent heap of', REFUSED),
    ('runner/linux/heap_mapping.cpp', "can't map", REFUSED),
    ('runner/linux/heap_mapping.cpp', "can't read the image", REFUSED),
    ('runner/linux/inotify_watcher.cpp', "can't watch files", 'its limit is one for all tests'),
    ('runner/linux/inotify_watcher.cpp', 'a shared folder of a virtual machine', KERNEL),
    ('runner/linux/inotify_watcher.cpp', 'a FUSE file system', KERNEL),
    ('runner/linux/linux_process_table.cpp', "can't find this program's", REFUSED),
    ('runner/linux/live_patch.cpp', 'no memory beside the library can be written', REFUSED),
    ('runner/linux/live_patch.cpp', 'no memory beside the library can be made code', REFUSED),
    ('runner/linux/live_patch.cpp', "the code of the library can't be written", REFUSED),
    ('runner/linux/patch_area.cpp', 'there is no room for patches', REFUSED),
    ('runner/linux/patched_library.cpp', 'is full of patches', REFUSED),
    ('runner/linux/process_restart.cpp', 'the record of the run', REFUSED),
    ('runner/linux/spawn_command_runner.cpp', "can't watch over", REFUSED),
    ('runner/linux/spawn_command_runner.cpp', "can't make a pipe", REFUSED),
    ('runner/linux/wake_descriptor.cpp', "can't make an event descriptor", REFUSED),
    ('runner/runner_set_up.cpp', 'the heap is kept in a file', WHOLE),
    ('runner/runner_set_up.cpp', 'the run is recorded', WHOLE),
    ('runner/runner_set_up.cpp', 'a recording is replayed', WHOLE),
    ('runner/runner_set_up.cpp', '--on-crash restart goes on', WHOLE),
    ('runner/runner_set_up.cpp', 'is cut short or damaged: its last', WHOLE),
]


def code_of(path):
    return UNSEEN.sub('', path.read_text(encoding='utf-8'))


# Literals that stand behind each other are one.
def joined(match):
    return ''.join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', match.group()))


def literals(code):
    found = [joined(match) for match in LITERALS.finditer(RAW.sub('""', code))]
    return found + [text for _, text in RAW.findall(code)]


# Up to the bracket that closes what `begin` lies in.
def rest_of_brackets(code, begin):
    depth = 0
    at = begin
    while at < len(code):
        if code[at] == '"':
            at = LITERALS.match(code, at).end()
            continue
        depth += (code[at] in '({[') - (code[at] in ')}]')
        if depth < 0:
            break
        at += 1
    return code[begin:at]


# Of a literal, as a user sees them; the code of a page is none.
def parts_of(text):
    text = ESCAPE.sub(' ', text).replace('\\"', '"')
    return [' '.join(part.split()) for piece in CONVERSION.split(text)
            for part in MARKUP.split(piece)]


def is_prose(text):
    return any(len(WORD.findall(part)) > 2 for part in parts_of(text))


def codes_of(root):
    return {path.relative_to(root): code_of(path) for room in ROOMS
            for path in sorted((root / room).rglob('*.[ch]pp'))
            if 'templates' not in path.parts and path.relative_to(root).as_posix() not in CODE}


# Each with all literals of the sentence, of which a test has to have one.
def messages_of(codes):
    makers = {name for code in codes.values() for name in MAKER.findall(code)}
    calls = '|'.join(sorted(makers)) or 'system_error'
    start = re.compile(rf'\b(?:ErrorKind|RejectReason)::k\w+\s*,|(?<!Error )\b(?:{calls})\(')
    for path, code in codes.items():
        for match in start.finditer(code):
            words = literals(rest_of_brackets(code, match.end()))
            if any(len(text.split()) > 1 for text in words):
                yield path, match.end(), words


# A literal alone, unless it is a part of such a sentence.
def texts_of(codes, in_messages):
    for path, code in codes.items():
        raw = [(match.start(), match.group(2)) for match in RAW.finditer(code)]
        rest = RAW.sub(lambda match: '.' * len(match.group()), code)
        for at, text in raw + [(m.start(), joined(m)) for m in LITERALS.finditer(rest)]:
            if is_prose(text):
                if not any(text in words for place, _, words in in_messages if place == path):
                    yield path, at, [text]


def expected_texts(root):
    return {part for path in (root / 'tests').rglob('*')
            if path.suffix in TEST_SUFFIXES and path.name != OWN_NAME
            for text in literals(path.read_text(encoding='utf-8')) for part in parts_of(text)}


# Of four words, or of all where they are fewer.
def runs_of(part):
    words = part.split()
    return {' '.join(words[i:i + 4]) for i in range(max(len(words) - 3, 1))} if words[1:] else set()


def problems_of(root, untested):
    codes = codes_of(root)
    expected = '\0'.join(expected_texts(root))
    used = set()
    problems = {}
    messages = list(messages_of(codes))
    for path, at, texts in messages + list(texts_of(codes, messages)):
        if any(run in expected for text in texts for part in parts_of(text)
               for run in runs_of(part)):
            continue
        excuses = {each for each in untested
                   if each[0] == path.as_posix() and each[1] in '\0'.join(texts)}
        used |= excuses
        if not excuses:
            line = codes[path][:at].count('\n') + 1
            problems.setdefault(texts[0], f'{path}:{line}: no test has: {" … ".join(texts)}')
    return [*problems.values()] + [f'{each[0]}: a test has it now, or it is gone: {each[1]}'
                                   for each in untested if each not in used]


# The check itself can fail.
def self_test():
    error = 'return Error{ErrorKind::kFailed, "the moon is made of " + stuff + ", sadly", 0};\n'
    short = 'return Error{ErrorKind::kFailed, "no moon" + name, 0};\n'
    table = '{"the moon is made"\n " of cheese"},\n'
    page = 'text += "<p class=\\"a b c\\">Two moons</p>\\nand <b>%s %zu</b>" + rest;\n'
    excuse = ('tool/moon.cpp', 'the moon', REFUSED)
    failures = []
    for code, test, untested, count in [
            (error, '', [], 1), (error, '"moon is made"', [], 1), (error, '', [excuse], 0),
            (error, '"error: the moon is made of cheese"', [], 0),
            (error, '"the moon is made of cheese"', [excuse], 1),
            (error, '"the moon is made of cheese"', [('tool/a.cpp', 'x', '')], 1),
            (short, '', [], 1), (short, '"no moon"', [], 0),
            (table, '', [], 1), (table, '"moon is made"', [], 1), (table, '', [excuse], 0),
            (table, '"moon\\nis made of"', [], 0), (table, 'R"(moon\n is  made of)"', [], 0),
            (page, '', [], 0), (page.replace('Two', 'Two cold'), '', [], 1),
            (page.replace('Two', 'Two cold'), '"<p>Two cold moons</p>"', [], 0)]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in [('tool/moon.cpp', code), ('tests/moon_test.cpp', test)]:
                (root / name).parent.mkdir()
                (root / name).write_text(text, encoding='utf-8')
            found = problems_of(root, untested)
            if len(found) != count:
                failures.append(f'self-test {code} {test} {untested}: {found}')
    return failures


def main():
    sys.stdout.reconfigure(encoding='utf-8')
    problems = self_test() + problems_of(pathlib.Path(sys.argv[1]), UNTESTED)
    for text in problems:
        print(text)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
