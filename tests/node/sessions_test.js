// Every message of the recorded sessions, in both directions, has the type that the protocol's own
// package gives to it: the compiler of TypeScript says so.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const ts = require('typescript');
const protocol = require('vscode-languageserver-protocol/node');

const { MessageDirection } = protocol;

// A message is told by its method, an answer by that of its request. Of the server nothing is
// allowed that the types don't have; editors say more than that.
const head = `
import * as lsp from 'vscode-languageserver-protocol';
type Exported = (typeof lsp)[keyof typeof lsp];
type TypeOf<M> = Extract<Exported, { method: M; type: unknown }>['type'];
type Params<M> =
    M extends '$/progress' ? { token: lsp.ProgressToken; value: lsp.WorkDoneProgressBegin |
        lsp.WorkDoneProgressReport | lsp.WorkDoneProgressEnd } :
    [TypeOf<M>] extends [never] ? never :
    TypeOf<M> extends lsp.ProtocolRequestType<infer P, any, any, any, any> ? P :
    TypeOf<M> extends lsp.ProtocolNotificationType<infer P, any> ? P : undefined;
type Result<M> =
    TypeOf<M> extends lsp.ProtocolRequestType<any, infer R, any, any, any> ? Sent<R> :
    TypeOf<M> extends lsp.ProtocolRequestType0<infer R, any, any, any> ? Sent<R> : never;
type Sent<R> = R extends void ? null : R;
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
`;

// Those of a session as [who, message].
function messagesOf(name) {
    const file = path.join(__dirname, '..', 'sessions', `${name}.inc`);
    const lines = fs.readFileSync(file, 'utf8').split('\n').filter(line => line.startsWith('{'));
    return lines.map(line => Object.entries(JSON.parse(line))[0])
        .filter(([who]) => who === 'editor' || who === 'server');
}

function directionOf(method) {
    const found = Object.values(protocol).find(each => each?.method === method && each.type);
    return method === '$/progress' ? MessageDirection.both : found?.messageDirection;
}

// What is wrong with the envelopes; else the messages with their kind and method.
function opened(messages) {
    const wrong = [];
    const asked = { editor: new Map(), server: new Map() };
    const contents = messages.map(([who, message]) => {
        const other = who === 'editor' ? 'server' : 'editor';
        const answers = message.method === undefined;
        const method = answers ? asked[other].get(message.id) : message.method;
        const forbidden = who === 'editor' ? MessageDirection.serverToClient
            : MessageDirection.clientToServer;
        if (message.jsonrpc !== '2.0')
            wrong.push(`${who}: no JSON-RPC 2.0`);
        if (method === undefined)
            wrong.push(`${who}: answers what was not asked: ${message.id}`);
        else if (!answers && [forbidden, undefined].includes(directionOf(method)))
            wrong.push(`${who}: is not to say ${method}`);
        if (answers)
            asked[other].delete(message.id);
        else if (message.id !== undefined)
            asked[who].set(message.id, method);
        const content = answers ? message.result : message.params ?? undefined;
        return { who, method, answers, content };
    });
    for (const who of ['editor', 'server'])
        wrong.push(...[...asked[who].values()].map(method => `${who}: no answer to ${method}`));
    return { wrong, contents };
}

// One line of TypeScript.
function typed({ who, method, answers, content }, index) {
    const type = `${answers ? 'Result' : 'Params'}<${JSON.stringify(method)}>`;
    if (who === 'server')
        return `const _${index}: ${type} = ${JSON.stringify(content)};`;
    const text = JSON.stringify(content) + (content instanceof Object ? ' as const' : '');
    return `const e${index} = ${text}; const _${index}: Frozen<${type}> = e${index};`;
}

// What the compiler says of each of the contents, by its index; below 0 of what is around them.
function complaints(contents) {
    const file = path.join(process.env.HOTRUN_FOLDER, 'sessions.ts');
    fs.writeFileSync(file, head + contents.map(typed).join('\n'));
    const program = ts.createProgram([file], {
        module: ts.ModuleKind.Node16,
        moduleResolution: ts.ModuleResolutionKind.Node16,
        noEmit: true, skipLibCheck: true, strict: true, target: ts.ScriptTarget.ES2022, types: [],
    });
    const first = head.split('\n').length - 1;
    return new Map(ts.getPreEmitDiagnostics(program).map(({ file: at, start, messageText }) => [
        at ? at.getLineAndCharacterOfPosition(start).line - first : -1,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
    ]));
}

const names = ['neovim', 'emacs'];
const sessions = names.map(name => opened(messagesOf(name)));

// Each is right but for one thing.
const wrongs = [
    { method: 'textDocument/publishDiagnostics', content: { uri: 'file:///a', diagnostic: [] } },
    { method: 'textDocument/publishDiagnostics', content: { uri: 'file:///a', diagnostics: [{
        range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
        severity: 'error', message: 'm' }] } },
    { method: 'textDocument/publishDiagnostics', content: { uri: 'file:///a', diagnostics: [{
        range: { start: { line: 0, character: 0 } }, message: 'm' }] } },
    { method: 'window/logMessage', content: { type: 9, message: 'm' } },
    { method: '$/progress', content: { token: 't', value: { kind: 'start', title: 't' } } },
    { method: 'textDocument/codeLens', answers: true, content: [{ command: { title: 't' } }] },
    { method: 'shutdown', answers: true, content: 1 },
    { method: 'no/such', content: {} },
    { who: 'editor', method: 'textDocument/didSave', content: { textDocument: {} } },
].map(each => ({ who: 'server', answers: false, ...each }));

let found;
before(() => {
    found = complaints([...sessions.flatMap(({ contents }) => contents), ...wrongs]);
});

test('what is wrong is found', () => {
    const first = sessions.reduce((sum, { contents }) => sum + contents.length, 0);
    wrongs.forEach((each, index) => assert.ok(found.has(first + index), JSON.stringify(each)));
    const editor = { id: 1, jsonrpc: '2.0', method: 'shutdown' };
    const server = { id: 1, jsonrpc: '2.0', result: null };
    const wrongCount = (...messages) => opened(messages).wrong.length;
    assert.equal(wrongCount(['editor', editor], ['server', server]), 0);
    assert.equal(wrongCount(['editor', editor]), 1);
    assert.equal(wrongCount(['server', server]), 1);
    assert.equal(wrongCount(['server', { jsonrpc: '2.0', method: 'exit' }]), 1);
    assert.equal(wrongCount(['editor', { jsonrpc: '2.0', method: 'no/such' }]), 1);
    assert.equal(wrongCount(['editor', { method: 'exit' }]), 1);
});

names.forEach((name, index) => {
    test(`the session of ${name} has the protocol's types`, () => {
        const { wrong, contents } = sessions[index];
        assert.deepEqual(wrong, []);
        const first = sessions.slice(0, index).reduce((sum, each) => sum + each.contents.length, 0);
        contents.forEach((each, number) =>
            assert.equal(found.get(first + number), undefined, JSON.stringify(each)));
        assert.deepEqual([...found].filter(([at]) => at < 0), []);
        assert.ok(contents.length > 10);
    });
});
