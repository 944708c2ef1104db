"""Opens pages of `hotrun report` in a browser: report_test.py HOTRUN

Skipped where there is no Chromium. What is printed is TAP. A page may run no script, ask nobody for
anything, and has to have as many marks as there are saves.
"""

import html.parser
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

BROWSERS = ('chromium-headless-shell', 'chromium', 'google-chrome')
HOSTILE = '/p/<script>alert(1)</script>&"\'\udcff<img src=http://hotrun.test/x>.hpp'
MOST_COLUMNS = 180


class Events:
    """A run as its event stream tells of it."""

    def __init__(self):
        self.lines = []
        self.time = 0
        self.tell('build_started', targets=['game'], cause_seq=None)
        self.tell('build_finished', status='ok', exit_status=0, duration_us=900000, edges=[])
        self.tell('ready', version='0.1.0', pid=1, builddir='/p/build', targets=['game'])

    def tell(self, event, **fields):
        self.time += 1000
        self.lines.append(json.dumps({'event': event, 'seq': len(self.lines) + 1,
                                      'time_us': self.time, **fields}, ensure_ascii=False))

    def save(self, path, number, outcome='live'):
        """Of twenty lengths, so that plots and tables have something to show."""
        self.time += 20_000_000
        build_us = 60000 + number * 7919 % 20 * 4000
        self.tell('change', paths=[path], source='watch')
        self.tell('build_started', targets=['game'], cause_seq=len(self.lines))
        compiled = pathlib.PurePath(path).name + '.o'
        edges = [{'output': f'game.p/{compiled}', 'start_us': 2000,
                  'duration_us': build_us - 24000},
                 {'output': 'libgame.so', 'start_us': build_us - 22000, 'duration_us': 20000}]
        if outcome == 'failed':
            self.tell('diagnostic', path=path, line=3, column=1, severity='error',
                      message='expected <;> & got "}"', target=compiled, children=[])
        self.tell('build_finished', status='failed' if outcome == 'failed' else 'ok',
                  exit_status=0, duration_us=build_us, edges=[] if outcome == 'failed' else edges)
        if outcome == 'live':
            phases = {'watch': 400, 'build': build_us, 'verify': 500, 'copy': 300, 'load': 700,
                      'prepare': 200, 'wait': 1500 + number % 7 * 300, 'snapshot': 150,
                      'unload': 20, 'rebind': 60, 'switch': 9, 'reload': 30, 'first_step': 90}
            self.tell('reloaded', module='game', generation=number + 2, state='kept',
                      total_us=sum(phases.values()), phases_us=phases, pause_us=269)
        elif outcome == 'rejected':
            self.tell('rejected', module='game', generation=1, reason='undefined_symbol',
                      detail='undefined symbol: <none>')
        elif outcome == 'rolled_back':
            self.tell('rolled_back', module='game', **{'from': 3, 'to': 2}, reason='crash',
                      detail='in hotrun_step')

    def write(self, path):
        path.write_text('\n'.join(self.lines) + '\n{"event":"reloaded","seq":9', 'utf-8',
                        'surrogateescape')


def run_of(count):
    """Every ninth save of a header; of each hundred a few go wrong."""
    events = Events()
    outcomes = {7: 'failed', 23: 'failed', 41: 'rejected', 58: 'rolled_back'}
    for i in range(count):
        path = f'/p/src/part_{i * 31 % 17}.{"hpp" if i % 9 == 4 else "cpp"}'
        events.save(path, i, outcomes.get(i % 100, 'live'))
    return events


class Requests(http.server.BaseHTTPRequestHandler):
    """The proxy of the browser: nothing leaves it unseen."""
    seen = []

    def do_GET(self):
        self.seen.append(self.path)
        self.send_error(404)

    do_CONNECT = do_GET

    def log_message(self, *_):
        pass


class Page(html.parser.HTMLParser):
    """Counts elements by name and class."""

    def __init__(self, text):
        super().__init__()
        self.counts = {}
        self.text = ''
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        names = [tag, *(f'{tag}.{name}' for name in (dict(attrs).get('class') or '').split())]
        for name in names:
            self.counts[name] = self.counts.get(name, 0) + 1

    def handle_data(self, data):
        self.text += data

    def count(self, name):
        return self.counts.get(name, 0)


class Browser:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.proxy = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Requests)
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def words(self, *options):
        return [self.program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-extensions',
                '--disable-background-networking', '--disable-component-update', '--no-first-run',
                f'--user-data-dir={self.folder}/profile', '--enable-logging=stderr',
                f'--proxy-server=127.0.0.1:{self.proxy.server_port}',
                '--proxy-bypass-list=<-loopback>', *options]

    def open(self, page):
        """The page as the browser has it, and what its console and its network say."""
        Requests.seen.clear()
        shown = subprocess.run(self.words('--dump-dom', page.as_uri()), capture_output=True,
                               text=True, timeout=120, check=True)
        console = [line for line in shown.stderr.splitlines() if 'CONSOLE' in line]
        return Page(shown.stdout), console, list(Requests.seen)


class Cases:
    def __init__(self):
        self.count = 0
        self.failed = False

    def expect(self, what, found, expected):
        self.count += 1
        good = found == expected
        self.failed |= not good
        print(f'{"ok" if good else "not ok"} {self.count} - {what}', flush=True)
        if not good:
            print(f'# found {found!r}, expected {expected!r}', flush=True)


def make_report(hotrun, folder, name, events):
    events.write(folder / f'{name}.jsonl')
    subprocess.run([hotrun, 'report', '-o', f'{name}.html', f'{name}.jsonl'], cwd=folder,
                   check=True, capture_output=True)
    return folder / f'{name}.html'


def check_control(cases, browser, folder):
    """The checks can fail: a page that has a script error and asks for a picture."""
    page = folder / 'control.html'
    page.write_text('<img src="http://hotrun.test/x"><script>missing()</script>', 'utf-8')
    _, console, requests = browser.open(page)
    cases.expect('an error in a script is seen', any('missing' in line for line in console), True)
    cases.expect('a request is seen', requests, ['http://hotrun.test/x'])


def check_quiet(cases, name, page, console, requests):
    cases.expect(f'{name}: the console says nothing', console, [])
    cases.expect(f'{name}: nothing is asked for', requests, [])
    cases.expect(f'{name}: no script', page.count('script'), 0)


def check_pages(cases, browser, hotrun, folder):
    hostile = Events()
    hostile.save(HOSTILE, 1, 'failed')
    for name, events, columns, failed in (
            ('one', run_of(1), 1, 0),
            ('many', run_of(100), 100, 2),
            ('very-many', run_of(5000), (5000 + 27) // 28, 50),
            ('hostile', hostile, 1, 1)):
        assert columns <= MOST_COLUMNS
        report = make_report(hotrun, folder, name, events)
        page, console, requests = browser.open(report)
        check_quiet(cases, name, page, console, requests)
        cases.expect(f'{name}: the bars', page.count('g.column'), columns)
        if name != 'very-many': # there a mark may stand for two
            cases.expect(f'{name}: the marks of failed builds', page.count('circle.failed'), failed)
        cases.expect(f'{name}: no markup from a name', page.count('img'), 0)
        cases.expect(f'{name}: less than a megabyte', report.stat().st_size < 1 << 20, True)
        if name == 'hostile':
            shown = HOSTILE.replace('\udcff', '\ufffd')
            cases.expect('hostile: the name is shown', shown in page.text, True)


def main(hotrun):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print('1..0 # SKIP there is no Chromium')
        return 0
    cases = Cases()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        browser = Browser(program, folder)
        check_control(cases, browser, folder)
        check_pages(cases, browser, os.path.abspath(hotrun), folder)
    print(f'1..{cases.count}')
    return 1 if cases.failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
