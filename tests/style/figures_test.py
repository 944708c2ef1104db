"""Whether scripts/figures.py makes one file and tables of figures, and whether docs/performance.md
has a place for each benchmark: figures_test.py ROOT"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

PAGE = '''# Title
<!-- figures: machine -->
old
<!-- end of figures -->
between
<!-- figures: save -->
| old | table |
<!-- end of figures -->
<!-- figures: other -->
| old | table |
<!-- end of figures -->
after
'''
FIGURES = {
    '`ninja`': {'unit': 'ms', 'count': 40, 'min': 1, 'median': 50, 'p95': 1234.5, 'max': 3},
    'save': {'unit': 'ms', 'count': 40, 'min': 1, 'median': 52.34, 'p95': 60.06, 'max': 3,
             'compared_with': '`ninja`'},
    'less': {'unit': 'ms', 'count': 40, 'min': 1, 'median': 2.345, 'p95': 7, 'max': 3,
             'compared_with': 'nothing', 'bar': 5, 'bar_of': 'median'},
    'own': {'unit': '', 'count': 1, 'min': 1, 'median': 2, 'p95': 7, 'max': 3, 'bar': 5,
            'bar_of': 'p95'},
}
TABLE = '''<!-- figures: save -->

| figure | median | 95 % | of | beside | bar |
|---|---:|---:|---:|---|---|
| `ninja` | 50.0 ms | 1,234 ms | 40 |  |  |
| save | 52.3 ms | 60.1 ms | 40 | 1.05 × `ninja` |  |
| less | 2.35 ms | 7.00 ms | 40 | nothing | ≤ 5.00 ms: held |
| own | 2.00 | 7.00 | 1 |  | ≤ 5.00 at 95 %: **missed** |

Load of the machine before it: 2.5.

<!-- end of figures -->
<!-- figures: other -->
| old | table |
<!-- end of figures -->
after
'''


def run(script, *words):
    return subprocess.run([sys.executable, str(script), *map(str, words)], capture_output=True,
                          text=True, check=False)


def problems_of_the_writer(script, folder):
    page = folder / 'page.md'
    page.write_text(PAGE, encoding='utf-8')
    (folder / 'save.json').write_text(json.dumps(FIGURES), encoding='utf-8')
    (folder / 'save.load').write_text('2.5\n', encoding='utf-8')
    result = folder / 'result' # not among what is gathered
    of_another = 'these tables of page.md are of another machine than it has now: other'
    # The second time the tables are those of the first.
    for told in (f'figures.py: {of_another}\n', ''):
        done = run(script, '--gather', folder, '--result', result, page)
        text = page.read_text(encoding='utf-8')
        if done.stderr != told:
            yield f'not "{told}" but "{done.stderr}"'
        if done.returncode != 0 or not text.endswith(TABLE) or '\nbetween\n' not in text:
            yield f'the page became ({done.returncode}, {done.stderr}):\n{text}'
        if '| kernel | ' not in text or '\nold\n' in text:
            yield f'the machine is not stated:\n{text}'
    whole = json.loads(result.read_text(encoding='utf-8'))
    if whole['benchmarks']['save']['figures'] != FIGURES or not whole['machine']['processor']:
        yield f'the one file has {whole}'
    for path in folder.glob('save.*'):
        path.unlink()
    page.write_text(PAGE, encoding='utf-8')
    run(script, '--gather', folder, '--result', result, page)
    if page.read_text(encoding='utf-8') != PAGE:
        yield f'a page for which nothing was measured became:\n{page.read_text(encoding="utf-8")}'
    page.write_text('no markers\n', encoding='utf-8')
    lost = run(script, '--names', page)
    if lost.returncode != 1 or 'it has lost its markers' not in lost.stderr:
        yield f'a page without markers: {lost}'


def problems_of_the_page(root, script):
    text = (root / 'tests/bench/meson.build').read_text(encoding='utf-8')
    benchmarks = {'check'} | set(re.findall(r"^  '([a-z-]+)': \[", text, re.M))
    listed = run(script, '--names', root / 'docs/performance.md').stdout.split()
    if sorted(listed) != sorted(benchmarks):
        yield f'docs/performance.md has places for {sorted(listed)}, not {sorted(benchmarks)}'


def main():
    root = pathlib.Path(sys.argv[1])
    script = root / 'scripts' / 'figures.py'
    with tempfile.TemporaryDirectory() as folder:
        problems = list(problems_of_the_writer(script, pathlib.Path(folder)))
    problems += problems_of_the_page(root, script)
    print('\n'.join(problems))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
