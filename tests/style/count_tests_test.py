"""Whether scripts/count_tests.py counts what meson writes: each failure, and each only once."""

import json
import pathlib
import subprocess
import sys
import tempfile

CASES = '''<testsuites>
<testsuite name="hotrun.hotrun:unit / unit.Driver">
<testcase name="Builds" status="run"/>
<testcase name="Waits" status="run"><failure/></testcase>
<testcase name="Sleeps" status="run"><skipped/></testcase>
<testcase name="DISABLED_Off" status="notrun"/>
</testsuite>
<testsuite name="hotrun.hotrun:linux / leaks.Kernel"><testcase name="Opens"/></testsuite>
<testsuite name="hotrun.hotrun:node / node">
<testcase name="1 it starts"/>
<testcase name="2 it ends"><failure/></testcase>
</testsuite>
<testsuite name="hotrun"><testcase name="hotrun:e2e / slow"/></testsuite>
</testsuites>'''
RESULTS = {'unit / unit': 'FAIL', 'node / node': 'ERROR', 'linux / leaks': 'FAIL',
           'e2e / slow': 'TIMEOUT', 'style / style': 'OK', 'style / other': 'SKIP',
           'style / known': 'EXPECTEDFAIL'}
EXPECTED = '''failed: good: unit: Driver.Waits
failed: good: node: 2 it ends
failed: good: leaks (fail)
failed: good: slow (timeout)
failed: unbuilt: no tests were run
5 passed, 5 failed, 2 skipped
'''


def run(*folders):
    return subprocess.run([sys.executable, sys.argv[1], *map(str, folders)],
                          capture_output=True, text=True, check=False)


def main():
    with tempfile.TemporaryDirectory() as folder:
        good = pathlib.Path(folder) / 'good'
        logs = good / 'meson-logs'
        logs.mkdir(parents=True)
        (logs / 'testlog-asan.junit.xml').write_text(CASES, encoding='utf-8')
        lines = [json.dumps({'name': f'hotrun:{name}', 'result': result})
                 for name, result in RESULTS.items()]
        (logs / 'testlog-asan.json').write_text('\n'.join(lines), encoding='utf-8')
        counted = run(good, pathlib.Path(folder) / 'unbuilt')
    if counted.stdout != EXPECTED or counted.returncode != 1:
        print(f'expected:\n{EXPECTED}found ({counted.returncode}):\n'
              f'{counted.stdout}{counted.stderr}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
