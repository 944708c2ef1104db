// Starts `hotrun lsp` for each folder of the workspace, which need not be one project.
'use strict';

const { execFile } = require('node:child_process');
const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn } = require('vscode-languageclient/node');

const clients = new Map(); // by the folder's URI

// A pattern is not a path: what the folder's name has of it must not count as such.
function globOf(path) {
    return path.replace(/[*?{}[\]]/g, '?') + '/**/*';
}

function canRun(command) {
    return new Promise(resolve => execFile(command, ['--version'], error => resolve(!error)));
}

async function start(folder) {
    const command = vscode.workspace.getConfiguration('hotrun').get('command');
    if (!await canRun(command)) {
        vscode.window.showErrorMessage(
            `hotrun: ${command} lsp can't be started; set hotrun.command to the program`);
        return;
    }
    const client = new LanguageClient(
        'hotrun',
        `hotrun (${folder.name})`,
        { command, args: ['lsp'], options: { cwd: folder.uri.fsPath } },
        {
            // Any file may be one that the target is made of.
            documentSelector: [{ scheme: 'file', pattern: globOf(folder.uri.fsPath) }],
            workspaceFolder: folder,
            diagnosticCollectionName: 'hotrun',
            revealOutputChannelOn: RevealOutputChannelOn.Never,
        });
    clients.set(folder.uri.toString(), client);
    await client.start().catch(() => {}); // the client has told why
}

async function stop(key) {
    const client = clients.get(key);
    clients.delete(key);
    if (client && client.isRunning())
        await client.stop();
}

async function startAll(folders) {
    await Promise.all(folders.filter(folder => folder.uri.scheme === 'file').map(start));
}

async function activate(context) {
    context.subscriptions.push(vscode.workspace.onDidChangeWorkspaceFolders(async change => {
        await Promise.all(change.removed.map(folder => stop(folder.uri.toString())));
        await startAll(change.added);
    }));
    await startAll(vscode.workspace.workspaceFolders || []);
}

async function deactivate() {
    await Promise.all([...clients.keys()].map(stop));
}

module.exports = { activate, deactivate };
