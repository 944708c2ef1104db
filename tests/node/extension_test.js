// The extension of Visual Studio Code, with the language client that it has there and the built
// `hotrun lsp`; only the editor itself is a stand-in.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { after, before, test } = require('node:test');
const protocol = require('vscode-languageserver-protocol/node');

const { GameProject } = require('./game_project.js');
const { vscode, workspace, shown, events, until } = require('./vscode_stand_in.js');
const { matched } = require('./problem_matcher.js');

const load = Module._load;
Module._load = (name, ...rest) => name === 'vscode' ? vscode : load(name, ...rest);
const extension = require(path.join(process.env.HOTRUN_EDITORS, 'vscode/extension/extension.js'));

const project = new GameProject();
const folder = { uri: vscode.Uri.file(project.folder), name: 'game', index: 0 };
const document = {
    uri: vscode.Uri.file(project.source),
    fileName: project.source,
    languageId: 'c',
    version: 1,
    getText: () => fs.readFileSync(project.source, 'utf8'),
};
const key = document.uri.toString();
const broken = '\tconst char *text = "ä漢😀"; int number = missing_name;\n';

function save() {
    events.onDidSaveTextDocument.fire(document);
}

// What stands above the file once it is what is wanted; asked for when the server says so.
async function lens(wanted) {
    const [, provider] = await until('a provider of lenses', () => shown.lenses.at(-1));
    for (;;) {
        const refreshed = new Promise(resolve => {
            const listening = provider.onDidChangeCodeLenses(() => {
                listening.dispose();
                resolve();
            });
        });
        const token = new vscode.CancellationTokenSource().token;
        const lenses = await provider.provideCodeLenses(document, token);
        const title = lenses.map(each => each.command.title).join();
        if (wanted.test(title))
            return lenses;
        await refreshed;
    }
}

before(async () => {
    await project.start();
    workspace.settings['hotrun.command'] = process.env.HOTRUN_TOOL;
    workspace.workspaceFolders = [folder];
    workspace.textDocuments = [document];
});

after(async () => {
    await extension.deactivate();
    assert.equal(await project.end(), 0);
});

test('the extension starts hotrun lsp and says what is live', async () => {
    await extension.activate({ subscriptions: [] });
    const [only, ...others] = await lens(/^live: generation 1$/);
    assert.deepEqual(others, []);
    assert.equal(only.range.start.line, 0);
});

test('a client without code lenses is given a hint behind the first line', async () => {
    const server = spawn(process.env.HOTRUN_TOOL, ['lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(server, 'exit');
    const connection = protocol.createProtocolConnection(
        new protocol.StreamMessageReader(server.stdout),
        new protocol.StreamMessageWriter(server.stdin));
    const refreshed = new Promise(resolve =>
        connection.onRequest(protocol.InlayHintRefreshRequest.type, resolve));
    connection.listen();
    const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
        processId: process.pid,
        rootUri: folder.uri.toString(),
        capabilities: {
            textDocument: { inlayHint: {} },
            workspace: { inlayHint: { refreshSupport: true } },
        },
    });
    assert.equal(capabilities.inlayHintProvider, true);
    await refreshed; // the run is found
    assert.deepEqual(await connection.sendRequest(protocol.InlayHintRequest.type, {
        textDocument: { uri: key },
        range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
    }), [{
        position: { line: 0, character: document.getText().indexOf('\n') },
        label: 'live: generation 1',
        paddingLeft: true,
    }]);
    await connection.sendRequest(protocol.ShutdownRequest.type);
    await connection.sendNotification(protocol.ExitNotification.type);
    assert.equal((await ended)[0], 0);
    connection.dispose();
});

test('a broken save is marked, and what ran before runs on', async () => {
    project.write(2, broken);
    save();
    const error = await until('a diagnostic', () => shown.diagnostics.get(key)?.[0]);
    const { start, end } = error.range;
    assert.equal(broken.slice(start.character, end.character), 'missing_name');
    assert.equal(start.line, 0);
    assert.equal(error.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(error.source, 'hotrun');
    assert.match(error.message, /missing_name/);
    await lens(/^build failed, live: generation 1$/);
    await until('the end of the progress', () => shown.progress.length >= 2);
    assert.deepEqual(shown.progress.slice(0, 2), ['begin hotrun', 'end hotrun']);
});

test('the problem matcher of the task reads what hotrun build prints', () => {
    const [problem] = matched(project.hotrun('build'));
    const bytes = Buffer.from(broken).indexOf('missing_name');
    assert.equal(problem.file, fs.realpathSync(project.source));
    assert.equal(problem.line, '1');
    assert.equal(problem.column, String(bytes + 1));
    assert.equal(problem.severity, 'error');
    assert.match(problem.message, /missing_name/);
});

test('a mended save takes the mark away and is live', async () => {
    project.write(3);
    save();
    await until('no diagnostic', () => shown.diagnostics.get(key)?.length === 0);
    await lens(/^live: generation 2, \d+ ms$/);
    assert.deepEqual(shown.messages, []);
});

test('a program that is not there is told of in one sentence', async () => {
    workspace.settings['hotrun.command'] = '/absent/hotrun';
    const other = { uri: vscode.Uri.file(project.path('sub')), name: 'sub', index: 1 };
    events.onDidChangeWorkspaceFolders.fire({ added: [other], removed: [] });
    await until('the sentence', () => shown.messages.length > 0);
    assert.deepEqual(shown.messages, [['error',
        "hotrun: /absent/hotrun lsp can't be started; set hotrun.command to the program"]]);
});

test('the servers end with their folders', async () => {
    events.onDidChangeWorkspaceFolders.fire({ added: [], removed: [folder] });
    await until('the end of its marks', () => !shown.diagnostics.has(key));
    await extension.deactivate();
});
