"""Makes one file of what benchmarks have measured, and the tables of a page:

figures.py --names PAGE                            the benchmarks that have a table there
figures.py --gather FOLDER --result FILE PAGE      FOLDER has NAME.json and NAME.load of each

A table stands between `<!-- figures: NAME -->` and `<!-- end of figures -->`; between the markers
of the name `machine` stands where it was measured. What was not measured keeps its table. If that
is of another machine than the page has now, it is named: measure that here too.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

MACHINE = 'machine'
BLOCK = re.compile(r'(<!-- figures: ([a-z-]+) -->\n)(.*?)(<!-- end of figures -->)', re.S)
HEAD = ['| figure | median | 95 % | of | beside | bar |', '|---|---:|---:|---:|---|---|']


def first_line(words):
    try:
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return text.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return 'none'


def field(path, name):
    for line in pathlib.Path(path).read_text(encoding='utf-8').splitlines():
        if line.startswith(name):
            return line.split(':', 1)[1].strip()
    return 'unknown'


def machine():
    system = platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown')
    memory_gb = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    return {
        'processor': field('/proc/cpuinfo', 'model name'),
        'cores': len(os.sched_getaffinity(0)),
        'memory': f'{memory_gb:.0f} GB',
        'kernel': platform.release(),
        'system': system,
        'compilers': f'{first_line(["g++", "--version"])}; {first_line(["clang++", "--version"])}',
        'linker': first_line(['mold', '--version']),
        'ninja': first_line(['ninja', '--version']),
        'meson': first_line(['meson', '--version']),
    }


def gather(folder):
    benchmarks = {}
    for path in sorted(folder.glob('*.json')):
        load = path.with_suffix('.load')
        benchmarks[path.stem] = {
            'load_before': float(load.read_text()) if load.exists() else None,
            'figures': json.loads(path.read_text(encoding='utf-8')),
        }
    return {'machine': machine(), 'benchmarks': benchmarks}


def rounded(value):
    """Three digits, and no more than two behind the point."""
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2
    return f'{value:,.{places}f}'


def amount(value, unit):
    return f'{rounded(value)} {unit}'.rstrip()


def beside(figure, figures):
    other = figure.get('compared_with')
    if other not in figures:
        return other or ''
    median = figures[other]['median']
    return f'{figure["median"] / median:.2f} × {other}' if median else other


def bar(figure):
    if 'bar' not in figure:
        return ''
    held = 'held' if figure[figure['bar_of']] <= figure['bar'] else '**missed**'
    what = ' at 95 %' if figure['bar_of'] == 'p95' else ''
    return f'≤ {amount(figure["bar"], figure["unit"])}{what}: {held}'


def table(benchmark):
    figures = benchmark['figures']
    rows = []
    for name, figure in figures.items():
        cells = [name, amount(figure['median'], figure['unit']),
                 amount(figure['p95'], figure['unit']), str(figure['count']),
                 beside(figure, figures), bar(figure)]
        rows.append('| ' + ' | '.join(cells) + ' |')
    load = benchmark['load_before']
    told = [] if load is None else ['', f'Load of the machine before it: {load:.1f}.']
    return '\n'.join(HEAD + rows + told)


def machine_table(facts):
    return '\n'.join(['| | |', '|---|---|'] + [f'| {key} | {facts[key]} |' for key in facts])


def filled(page, result):
    """The page, with the tables of the result between its markers, and whose tables now stand
    beside another machine than their own.
    """
    measured = result['benchmarks']
    of_another = []
    def fill(match):
        begin, name, old, end = match.groups()
        if name == MACHINE and measured:
            text = f'\n{machine_table(result["machine"])}\n\n'
            if text != old:
                of_another.extend(other for other in names(page) if other not in measured)
        elif name in measured:
            text = f'\n{table(measured[name])}\n\n'
        else:
            text = old
        return begin + text + end
    return BLOCK.sub(fill, page), of_another


def names(page):
    return [match[1] for match in BLOCK.findall(page) if match[1] != MACHINE]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--names', action='store_true')
    parser.add_argument('--gather', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument('--result', type=pathlib.Path, metavar='FILE')
    parser.add_argument('page', type=pathlib.Path)
    arguments = parser.parse_args()
    page = arguments.page.read_text(encoding='utf-8')
    if not names(page):
        print(f'figures.py: error: {arguments.page} has no `<!-- figures: NAME -->`: it has lost '
              'its markers', file=sys.stderr)
        return 1
    if arguments.names:
        print('\n'.join(names(page)))
        return 0
    if arguments.gather is None or arguments.result is None:
        parser.error('it needs --names, or --gather and --result')
    result = gather(arguments.gather)
    arguments.result.write_text(json.dumps(result, indent=2, ensure_ascii=False) + '\n',
                                encoding='utf-8')
    text, of_another = filled(page, result)
    arguments.page.write_text(text, encoding='utf-8')
    if of_another:
        print(f'figures.py: these tables of {arguments.page.name} are of another machine than it '
              f'has now: {" ".join(of_another)}', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
