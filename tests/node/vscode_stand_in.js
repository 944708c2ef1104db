// What vscode-languageclient and the extension need of the module `vscode`, which only the editor
// itself has. What is shown to the user is kept for the test; `changed` tells of each addition.
'use strict';

const { URI } = require('vscode-uri');

class Disposable {
    constructor(dispose) {
        this.dispose = dispose;
    }
    static from(...all) {
        return new Disposable(() => all.forEach(each => each.dispose()));
    }
}

class EventEmitter {
    constructor() {
        this.listeners = new Set();
        this.event = (listener, self, disposables) => {
            const bound = listener.bind(self);
            this.listeners.add(bound);
            const disposable = new Disposable(() => this.listeners.delete(bound));
            if (disposables)
                disposables.push(disposable);
            return disposable;
        };
    }
    fire(value) {
        for (const listener of [...this.listeners])
            listener(value);
    }
    dispose() {
        this.listeners.clear();
    }
}

class CancellationTokenSource {
    constructor() {
        this.emitter = new EventEmitter();
        this.token = {
            isCancellationRequested: false,
            onCancellationRequested: this.emitter.event,
        };
    }
    cancel() {
        this.token.isCancellationRequested = true;
        this.emitter.fire();
    }
    dispose() {}
}

class Position {
    constructor(line, character) {
        Object.assign(this, { line, character });
    }
}

class Range {
    constructor(...places) {
        [this.start, this.end] = places.length === 4
            ? [new Position(places[0], places[1]), new Position(places[2], places[3])]
            : places;
    }
}

class Diagnostic {
    constructor(range, message, severity) {
        Object.assign(this, { range, message, severity });
    }
}

class CodeLens {
    constructor(range, command) {
        Object.assign(this, { range, command });
    }
}

const events = {};
for (const name of ['onDidOpenTextDocument', 'onDidCloseTextDocument', 'onDidChangeTextDocument',
    'onWillSaveTextDocument', 'onDidSaveTextDocument', 'onDidChangeWorkspaceFolders',
    'onDidChangeConfiguration', 'onDidCreateFiles', 'onDidRenameFiles', 'onDidDeleteFiles',
    'onWillCreateFiles', 'onWillRenameFiles', 'onWillDeleteFiles', 'onDidOpenNotebookDocument',
    'onDidChangeNotebookDocument', 'onDidSaveNotebookDocument', 'onDidCloseNotebookDocument'])
    events[name] = new EventEmitter();

const changed = new EventEmitter();
const shown = {
    messages: [], // [severity, text]
    progress: [], // the titles, when each begins and ends
    diagnostics: new Map(), // by the file's URI, of all collections
    lenses: [], // [selector, provider]
};

function show(list, item) {
    list.push(item);
    changed.fire();
}

class DiagnosticCollection {
    constructor(name) {
        this.name = name;
        this.uris = new Set();
    }
    set(uri, diagnostics) {
        this.uris.add(uri.toString());
        shown.diagnostics.set(uri.toString(), diagnostics || []);
        changed.fire();
    }
    clear() {
        this.uris.forEach(uri => shown.diagnostics.delete(uri));
        changed.fire();
    }
    dispose() {
        this.clear();
    }
}

const nothing = () => new Disposable(() => {});

// What is asked for besides is registered and never called.
function withNothingElse(known, nothingElse) {
    return new Proxy(known, {
        get: (own, name) => name in own ? own[name] : nothingElse(own, name),
    });
}

const workspace = {
    textDocuments: [],
    workspaceFolders: [],
    notebookDocuments: [],
    settings: {},
    getConfiguration: section => ({
        get: (name, otherwise) => workspace.settings[`${section}.${name}`] ?? otherwise,
    }),
    getWorkspaceFolder: uri => workspace.workspaceFolders.find(
        folder => uri.fsPath.startsWith(folder.uri.fsPath + '/')),
    createFileSystemWatcher: nothing,
};
for (const [name, emitter] of Object.entries(events))
    workspace[name] = emitter.event;

const stand_in = {
    version: '1.75.0',
    env: { appName: 'stand-in', language: 'en' },
    Uri: URI,
    Disposable, EventEmitter, CancellationTokenSource, Position, Range, Diagnostic, CodeLens,
    CancellationError: class extends Error {},
    DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
    ProgressLocation: { Window: 10 },
    workspace,
    commands: { registerCommand: nothing },
    languages: withNothingElse({
        match: (selector, document) => [selector].flat().some(filter =>
            !filter.scheme || filter.scheme === document.uri.scheme) ? 10 : 0,
        createDiagnosticCollection: name => new DiagnosticCollection(name),
        registerCodeLensProvider: (selector, provider) => {
            show(shown.lenses, [selector, provider]);
            return nothing();
        },
    }, () => nothing),
    window: {
        tabGroups: { all: [], onDidChangeTabs: nothing },
        onDidChangeActiveTextEditor: nothing,
        createOutputChannel: () => ({
            append() {}, appendLine() {}, clear() {}, show() {}, dispose() {},
        }),
        async showErrorMessage(text) { show(shown.messages, ['error', text]); },
        async showWarningMessage(text) { show(shown.messages, ['warning', text]); },
        async showInformationMessage(text) { show(shown.messages, ['information', text]); },
        async withProgress(options, task) {
            show(shown.progress, `begin ${options.title}`);
            await task({ report() {} }, new CancellationTokenSource().token);
            show(shown.progress, `end ${options.title}`);
        },
    },
};

module.exports = {
    vscode: withNothingElse(stand_in, (own, name) => own[name] = class {}),
    workspace,
    shown,
    events,

    // Resolves as soon as `holds` gives something; asked whenever something is shown.
    until(what, holds) {
        return new Promise((resolve, reject) => {
            const limit = setTimeout(() => {
                listening.dispose();
                reject(new Error(`in vain: ${what}; ${JSON.stringify([shown.messages,
                    [...shown.diagnostics]])}`));
            }, 60000);
            const look = () => {
                const found = holds();
                if (!found)
                    return;
                clearTimeout(limit);
                listening.dispose();
                resolve(found);
            };
            const listening = changed.event(look);
            look();
        });
    },
};
