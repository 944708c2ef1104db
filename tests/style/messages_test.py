#!/usr/bin/env python3
"""Each message that a user can see is in a test's words: messages_test.py ROOT

A message is what stands behind an ErrorKind or a RejectReason in tool/ and runner/, or what is
given to system_error() or another function that makes an Error of a text. A test has it if a
literal in tests/ has four words of it in a row, or all words of one of its literals: two at least.
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
COMMENT = re.compile(r'^[ \t]*//.*$', re.MULTILINE)
MAKER = re.compile(r'^(?:inline )?Error (\w+)\((?:const std::string &|std::string )', re.MULTILINE)

REFUSED = 'only a kernel says so that has no memory, descriptors or places left'
ANOTHER = 'only another version, or another program at the same moment, brings it about'
# (file, a part of the words, why no test has them)
UNTESTED = [
    ('tool/requests.cpp', 'is it another version?', ANOTHER),
    ('tool/requests.cpp', 'has no control socket', 'its last place, in /tmp, is there for tests'),
    ('runner/core/kept_code.cpp', "the module's code is not known", ANOTHER),
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
    ('runner/linux/file_storage.cpp', "can't lock", REFUSED),
    ('runner/linux/heap_mapping.cpp', "can't map", REFUSED),
    ('runner/linux/heap_mapping.cpp', "can't read the image", REFUSED),
    ('runner/linux/inotify_watcher.cpp', "can't watch files", 'its limit is one for all tests'),
    ('runner/linux/linux_process_table.cpp', "can't find this program's", REFUSED),
    ('runner/linux/process_restart.cpp', 'the record of the run', REFUSED),
    ('runner/linux/spawn_command_runner.cpp', "can't watch over", REFUSED),
    ('runner/linux/spawn_command_runner.cpp', "can't make a pipe", REFUSED),
    ('runner/linux/wake_descriptor.cpp', "can't make an event descriptor", REFUSED),
]


def code_of(path):
    return COMMENT.sub('', path.read_text(encoding='utf-8'))


# Literals that stand behind each other are one.
def literals(code):
    found = [''.join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', match.group()))
             for match in LITERALS.finditer(RAW.sub('""', code))]
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


def messages_of(root):
    codes = {path.relative_to(root): code_of(path) for room in ROOMS
             for path in sorted((root / room).rglob('*.[ch]pp')) if 'templates' not in path.parts}
    makers = {name for code in codes.values() for name in MAKER.findall(code)}
    calls = '|'.join(sorted(makers)) or 'system_error'
    start = re.compile(rf'\b(?:ErrorKind|RejectReason)::k\w+\s*,|(?<!Error )\b(?:{calls})\(')
    for path, code in codes.items():
        for match in start.finditer(code):
            words = literals(rest_of_brackets(code, match.end()))
            if any(len(text.split()) > 1 for text in words):
                yield path, code[:match.start()].count('\n') + 1, words


def expected_texts(root):
    return {' '.join(text.split()) for path in (root / 'tests').rglob('*')
            if path.suffix in TEST_SUFFIXES and path.name != OWN_NAME
            for text in literals(path.read_text(encoding='utf-8'))}


# Of four words, or of all where they are fewer.
def runs_of(text):
    words = text.split()
    return {' '.join(words[i:i + 4]) for i in range(max(len(words) - 3, 1))} if words[1:] else set()


def problems_of(root, untested):
    expected = '\0'.join(expected_texts(root))
    used = set()
    problems = []
    for path, line, words in messages_of(root):
        excuse = next((each for each in untested
                       if each[0] == path.as_posix() and each[1] in '\0'.join(words)), None)
        known = any(run in expected for text in words for run in runs_of(text))
        if excuse:
            used.add(excuse)
            if known:
                problems.append(f'{path}:{line}: a test has this message now: {excuse[1]}')
        elif not known:
            problems.append(f'{path}:{line}: no test has this message: {" … ".join(words)}')
    problems += [f'{each[0]}: there is no such message any more: {each[1]}'
                 for each in untested if each not in used]
    return problems


# The check itself can fail.
def self_test():
    code = 'return Error{ErrorKind::kFailed, "the moon is made of " + stuff + ", sadly", 0};\n'
    excuse = ('tool/moon.cpp', 'the moon', REFUSED)
    failures = []
    for test, untested, count in [('', [], 1), ('"moon is made"', [], 1), ('', [excuse], 0),
                                  ('"error: the moon is made of cheese"', [], 0),
                                  ('"the moon is made of cheese"', [excuse], 1),
                                  ('"the moon is made of cheese"', [('tool/a.cpp', 'x', '')], 1)]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in [('tool/moon.cpp', code), ('tests/moon_test.cpp', test)]:
                (root / name).parent.mkdir()
                (root / name).write_text(text, encoding='utf-8')
            found = problems_of(root, untested)
            if len(found) != count:
                failures.append(f'self-test {test} {untested}: {found}')
    return failures


def main():
    sys.stdout.reconfigure(encoding='utf-8')
    problems = self_test() + problems_of(pathlib.Path(sys.argv[1]), UNTESTED)
    for text in problems:
        print(text)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
