"""Compares what `meson install` installs with debian/*.install: package_files_test.py BUILD DEBIAN

Each file is in one package, and each line of a package stands for something.
"""

import fnmatch
import json
import pathlib
import sys


def installed(build):
    """The paths below the prefix, as the packages name them."""
    read = json.loads((build / 'meson-info' / 'intro-installed.json').read_text('utf-8'))
    options = json.loads((build / 'meson-info' / 'intro-buildoptions.json').read_text('utf-8'))
    values = {option['name']: option['value'] for option in options}
    names = set()
    for target in read.values():
        path = pathlib.PurePath(target).relative_to(values['prefix'])
        libdir = pathlib.PurePath(values['libdir'])
        if path.is_relative_to(libdir): # in a package below the name of the machine
            path = pathlib.PurePath('lib', 'MACHINE') / path.relative_to(libdir)
        names.add(str('usr' / path))
    return names


def stands_for(pattern, name):
    """A folder stands for all in it."""
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f'{pattern}/*')


def problems_of(names, packages):
    problems = []
    for name in sorted(names):
        owners = [package for package, patterns in packages.items()
                  if any(stands_for(pattern, name) for pattern in patterns)]
        if len(owners) != 1:
            problems.append(f'{name} is in {" and ".join(owners) or "no package"}')
    for package, patterns in packages.items():
        problems += [f'{package}: {pattern} stands for nothing' for pattern in patterns
                     if not any(stands_for(pattern, name) for name in names)]
    return problems


def main(build, debian):
    packages = {path.stem: path.read_text('utf-8').split() for path in debian.glob('*.install')}
    assert problems_of({'usr/a', 'usr/b'}, {'p': ['usr/a', 'usr/c']}) == [
        'usr/b is in no package', 'p: usr/c stands for nothing']
    problems = problems_of(installed(build), packages)
    print('\n'.join(problems) or f'{len(packages)} packages have all that is installed')
    return 1 if problems or len(packages) != 2 else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
