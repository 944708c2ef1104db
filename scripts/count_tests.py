"""Adds up what `meson test` left in build folders: count_tests.py FOLDER...

Names each test that failed; the last line is "N passed, N failed, N skipped". The cases of
GoogleTest and of TAP count one by one. A test program that failed without a failed case of its own
(it crashed, or ran out of time) counts as one failure, and so does a folder without results.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as xml

GOOD = {'OK', 'EXPECTEDFAIL'}


class Count:
    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failures = []


def count_case(count, name, case):
    if case.find('failure') is not None or case.find('error') is not None:
        count.failures.append(name)
    elif case.find('skipped') is not None:
        count.skipped += 1
    elif case.get('status') != 'notrun':
        count.passed += 1


def short(name):
    """Meson's "project:suite / test" without what comes before the test."""
    return name.split(' / ')[-1]


def results_of(log):
    """Each test program with its result, as meson judged it."""
    tests = [json.loads(line) for line in log.read_text(encoding='utf-8').splitlines()]
    return {short(test['name']): test['result'] for test in tests}


def program_and_suite(name):
    """Of "project.project:suite / program.Suite", as GoogleTest has it; TAP has no ".Suite".

    Two Nones: these are programs without cases.
    """
    parts = name.split('.')
    if len(parts) < 2:
        return None, None
    return short(parts[1]), ''.join(f'{part}.' for part in parts[2:])


def count_run(count, label, log, junit):
    cases = {} # program: whether a case of its own failed
    for element in xml.parse(junit).getroot().iter('testsuite'):
        program, suite = program_and_suite(element.get('name'))
        if program is None:
            continue # programs without cases: counted below, where time-outs have a name
        before = len(count.failures)
        for case in element.iter('testcase'):
            count_case(count, f'{label}: {program}: {suite}{case.get("name")}', case)
        cases[program] = cases.get(program, False) or len(count.failures) > before
    for program, result in results_of(log).items():
        if result == 'SKIP':
            count.skipped += program not in cases
        elif result in GOOD:
            count.passed += program not in cases
        elif not cases.get(program):
            count.failures.append(f'{label}: {program} ({result.lower()})')


def count_folder(count, folder):
    logs = folder / 'meson-logs'
    runs = sorted(logs.glob('testlog*.junit.xml')) if logs.is_dir() else []
    if not runs:
        count.failures.append(f'{folder.name}: no tests were run')
    for junit in runs:
        log = junit.with_name(junit.name.replace('.junit.xml', '.json'))
        count_run(count, folder.name, log, junit)


def main(folders):
    count = Count()
    for folder in folders:
        count_folder(count, pathlib.Path(folder))
    for name in count.failures:
        print(f'failed: {name}')
    print(f'{count.passed} passed, {len(count.failures)} failed, {count.skipped} skipped')
    return 1 if count.failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
