"""Records what an editor, `hotrun lsp` and a run say to each other: record.py EDITOR HOTRUN INCLUDE

EDITOR is neovim or emacs, HOTRUN the built program, INCLUDE the folder of hotrun/module.h. The
session goes to standard output, between the marks of a literal of C++, one JSON object a line:

    {"editor": MESSAGE}    of the editor to the server
    {"server": MESSAGE}    of the server to the editor
    {"run": MESSAGE}       of the run to the server; "found" and "lost": the connection
    {"asked": MESSAGE}     of the server to the run
    {"saved": [PATH, TEXT]}

Paths and process numbers of this machine are replaced. Whatever was said at the same moment on two
ways may have been read in another order: record again if the replay differs.
"""

import json
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile

PROJECT = '/home/ada/game'
RUNTIME = '/run/user/1000'
PID = 4711

SOURCE = '''#include "hotrun/module.h"
void hotrun_step(hotrun_context *ctx) {
    ctx->state = (void *)1;
}
'''
BUILD = '''project('game', 'c')
shared_module('game', 'game.c', include_directories: 'INCLUDE')
'''

NEOVIM = '''
local function wait(what, holds)
    if not vim.wait(60000, holds, 10) then
        io.stderr:write('in vain: ' .. what .. '\\n')
        vim.cmd('cquit')
    end
end
local function line_shown()
    local space = vim.api.nvim_get_namespaces()['hotrun']
    local mark = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })[1]
    return mark and mark[4].virt_text[1][1] or ''
end
vim.g.hotrun_command = { 'hotrun' }
vim.cmd('source EDITORS/neovim/plugin/hotrun.lua')
vim.cmd('edit game.c')
wait('what is live', function() return line_shown() == 'live: generation 1' end)
local id = next(vim.lsp.buf_get_clients())
vim.fn.append(1, '\\tconst char *text = "ä漢😀"; int number = missing_name;')
vim.cmd('write')
wait('what failed', function() return line_shown():find('^build failed') end)
wait('a diagnostic', function() return #vim.diagnostic.get(0) > 0 end)
vim.cmd('2delete')
vim.cmd('%s/)1/)2/')
vim.cmd('write')
wait('the next generation', function() return line_shown():find('^live: generation 2, ') end)
wait('the end of it', function() return #vim.diagnostic.get(0) == 0 end)
vim.lsp.stop_client(id)
wait('the end of the server', function() return vim.lsp.client_is_stopped(id) end)
vim.cmd('quit')
'''

EMACS = '''
(require 'eglot)
(prefer-coding-system 'utf-8)
(setq make-backup-files nil
      eglot-autoshutdown nil
      eglot-sync-connect t
      eglot-server-programs '((c-mode . ("hotrun" "lsp"))))
(defvar live nil)
(cl-defmethod eglot-handle-notification :after (_ (_ (eql window/logMessage)) &key message
                                                  &allow-other-keys)
  (setq live (string-match-p "generation 2 is live" message)))
(defun wait-until (holds)
  (with-timeout (60 (error "In vain: %S" holds))
    (while (not (funcall holds))
      (accept-process-output nil 0.01))))
(find-file "game.c")
(call-interactively #'eglot)
(wait-until #'eglot-current-server)
(flymake-mode 1)
(goto-char (point-min))
(forward-line 1)
(insert "\\tconst char *text = \\"ä漢😀\\"; int number = missing_name;\\n")
(save-buffer)
(wait-until #'flymake-diagnostics)
(forward-line -1)
(delete-region (point) (line-beginning-position 2))
(search-forward ")1")
(replace-match ")2")
(save-buffer)
(wait-until (lambda () live))
(wait-until (lambda () (null (flymake-diagnostics))))
(eglot-shutdown (eglot-current-server) nil 10)
'''

EDITORS = {
    'neovim': ('session.lua', NEOVIM,
               ['nvim', '--headless', '-u', 'NONE', '-n', '-c', 'luafile session.lua']),
    'emacs': ('session.el', EMACS,
              ['emacs', '--batch', '-q', '-l', 'session.el']),
}


def relay(path):
    """In the place of `hotrun lsp`: the editor's streams on a socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        ways = {sys.stdin.fileno(): lambda data: connection.sendall(data),
                connection.fileno(): lambda data: os.write(sys.stdout.fileno(), data)}
        with selectors.DefaultSelector() as selector:
            for descriptor in ways:
                selector.register(descriptor, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = os.read(key.fd, 65536)
                    if not data:
                        return
                    ways[key.fd](data)


def framed(data):
    """The whole messages in the bytes of an editor or a server, and what is left."""
    messages = []
    while b'\r\n\r\n' in data:
        header, rest = data.split(b'\r\n\r\n', 1)
        length = int(header.lower().split(b'content-length:')[1].split(b'\r\n')[0])
        if len(rest) < length:
            break
        messages.append(rest[:length])
        data = rest[length:]
    return messages, data


def lines(data):
    *messages, rest = data.split(b'\n')
    return messages, rest


class Recorder:
    def __init__(self, folder):
        self.folder = folder
        self.entries = []
        self.selector = selectors.DefaultSelector()

    def add(self, who, what):
        self.entries.append({who: what})

    def listen(self, path, take):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        self.selector.register(listener, selectors.EVENT_READ, lambda: take(listener.accept()[0]))

    def carry(self, source, send, split, who, at_end=lambda: None):
        """From a descriptor to a function, message by message."""
        left = b''

        def read():
            nonlocal left
            data = os.read(source, 65536)
            messages, left = split(left + data)
            for message in messages:
                content = json.loads(message)
                if content.get('method') == 'textDocument/didSave':
                    path = self.folder / 'game.c'
                    self.add('saved', [str(path), path.read_text(encoding='utf-8')])
                self.add(who, content)
            if data:
                send(data)
            else:
                self.selector.unregister(source)
                at_end()
        self.selector.register(source, selectors.EVENT_READ, read)

    def take_editor(self, editor, server):
        self.carry(os.dup(editor.fileno()), lambda data: os.write(server.stdin.fileno(), data),
                   framed, 'editor', server.stdin.close)
        self.carry(server.stdout.fileno(), editor.sendall, framed, 'server',
                   lambda: editor.shutdown(socket.SHUT_RDWR))

    def take_server(self, server, socket_path):
        run = socket.socket(socket.AF_UNIX)
        run.connect(socket_path)
        self.add('run', 'found')
        self.carry(os.dup(server.fileno()), run.sendall, lines, 'asked', run.close)
        self.carry(os.dup(run.fileno()), server.sendall, lines, 'run')

    def serve(self, editor, server):
        """Until the server has ended, or the editor has failed, and all is carried."""
        while self.selector.select(timeout=0) or (server.poll() is None and not editor.poll()):
            for key, _ in self.selector.select(timeout=0.1):
                key.data()


def without_pids(value):
    if isinstance(value, dict):
        return {key: PID if key in ('pid', 'processId') else without_pids(each)
                for key, each in value.items()}
    return [without_pids(each) for each in value] if isinstance(value, list) else value


def main(editor, hotrun, include):
    scripts = pathlib.Path(__file__).resolve().parents[2] / 'scripts' / 'editors'
    script, text, command = EDITORS[editor]
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name).resolve()
        folder = top / 'game'
        for each in (folder, top / 'bin', top / 'run', top / 'seen', top / 'seen' / 'hotrun'):
            each.mkdir(mode=0o700)
        (folder / 'game.c').write_text(SOURCE, encoding='utf-8')
        (folder / 'meson.build').write_text(BUILD.replace('INCLUDE', include), encoding='utf-8')
        (folder / script).write_text(text.replace('EDITORS', str(scripts)), encoding='utf-8')
        wrapper = top / 'bin' / 'hotrun'
        # Eglot says `exit` and kills the program at once: what was said still counts.
        wrapper.write_text(f'#!/bin/sh\nsetsid {sys.executable} {__file__} --relay {top}/editor\n',
                           encoding='utf-8')
        wrapper.chmod(0o700)
        subprocess.run(['meson', 'setup', 'build'], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        run = subprocess.Popen(
            [hotrun, '--interval', '5', '--poll', '100000', '--events', '-'], cwd=folder,
            env={**os.environ, 'XDG_RUNTIME_DIR': str(top / 'run')}, stdout=subprocess.PIPE)
        event = {}
        while event.get('event') != 'ready':
            event = json.loads(run.stdout.readline())
        recorder = Recorder(folder)
        seen = {**os.environ, 'XDG_RUNTIME_DIR': str(top / 'seen'),
                'PATH': f'{top}/bin:{os.environ["PATH"]}'}
        server = subprocess.Popen([hotrun, 'lsp'], cwd=folder, env=seen,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        recorder.listen(top / 'editor', lambda taken: recorder.take_editor(taken, server))
        recorder.listen(top / 'seen' / 'hotrun' / pathlib.Path(event['socket']).name,
                        lambda taken: recorder.take_server(taken, event['socket']))
        with subprocess.Popen(command, cwd=folder, env=seen, stdin=subprocess.DEVNULL,
                              stdout=sys.stderr) as process:
            recorder.serve(process, server)
        server.stdin.close()
        status = server.wait()
        run.terminate()
        run.communicate()
        if process.returncode != 0 or status != 0:
            sys.exit(f'{editor} ended with {process.returncode}, the server with {status}')
        print('R"session(')
        for entry in recorder.entries:
            line = json.dumps(without_pids(entry), ensure_ascii=False, separators=(',', ':'))
            line = line.replace(str(folder), PROJECT).replace(str(top / 'run'), RUNTIME)
            if any(path in line for path in (name, include, os.path.expanduser('~'))):
                sys.exit(f'a path of this machine is left in {line}')
            print(line)
        print(')session"')


if __name__ == '__main__':
    if sys.argv[1] == '--relay':
        relay(sys.argv[2])
    else:
        main(*sys.argv[1:])
