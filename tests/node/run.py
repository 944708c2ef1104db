"""Runs a test that needs packages of npm: run.py FOLDER TEST

The packages of package-lock.json are installed below FOLDER. Skipped where node, npm or meson is
missing, or the registry is out of reach. What is printed is TAP.
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys

OUT_OF_REACH = {'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH',
                'ENOTCACHED', 'ENOTFOUND', 'ERR_SOCKET_TIMEOUT', 'ETIMEDOUT'}
SOURCES = pathlib.Path(__file__).resolve().parent


def skip(why):
    print(f'1..0 # SKIP {why}')
    sys.exit(0)


def install(folder):
    """What `npm ci` has made of this lock file before is as good."""
    lock = (SOURCES / 'package-lock.json').read_bytes()
    installed = folder / 'installed-lock.json'
    if installed.is_file() and installed.read_bytes() == lock:
        return
    installed.unlink(missing_ok=True)
    for name in ('package.json', 'package-lock.json'):
        shutil.copyfile(SOURCES / name, folder / name)
    npm = subprocess.run(
        ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline',
         '--fetch-retries=1', '--fetch-timeout=30000'],
        cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode != 0:
        codes = set(re.findall(r'code (E\w+)', npm.stderr))
        if codes & OUT_OF_REACH:
            skip(f'npm can not reach its registry ({min(codes & OUT_OF_REACH)})')
        sys.exit(f'npm ci failed in {folder}:\n{npm.stderr}')
    installed.write_bytes(lock)


def main(folder, test):
    for program in ('node', 'npm', 'meson'):
        if shutil.which(program) is None:
            skip(f'{program} is not installed')
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'lock', 'w', encoding='utf-8') as lock: # one test at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(folder)
    environment = {**os.environ, 'HOTRUN_FOLDER': str(folder),
                   'NODE_PATH': str(folder / 'node_modules')}
    os.execvpe('node', ['node', '--test-reporter=tap', test], environment)


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2])
