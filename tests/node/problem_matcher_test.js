// The problem matcher over what compilers themselves print, with columns as each counts them.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');

const { matched } = require('./problem_matcher.js');

const folder = fs.mkdtempSync(path.join(process.env.HOTRUN_FOLDER, 'a gäme '));
const source = path.join(folder, 'a: b.c');
const before = '\tconst char *text = "ä漢😀"; int number = ';

// gcc counts what a terminal shows: a tab is 8 wide, and two of these characters are 2 wide.
const columns = {
    gcc: before.replace('\t', ' '.repeat(8)).replace('漢', '  ').replace('😀', '  ').length + 1,
    clang: Buffer.byteLength(before) + 1,
};

after(() => fs.rmSync(folder, { recursive: true }));

for (const [compiler, column] of Object.entries(columns)) {
    const skip = spawnSync(compiler, ['--version']).status !== 0 && `${compiler} is not installed`;
    test(`the problem matcher reads what ${compiler} prints`, { skip }, () => {
        fs.writeFileSync(source,
            `void f(int);\nvoid f(char *);\n${before}missing_name;\n#include "ä b.h"\n`);
        const { stderr } = spawnSync(compiler, ['-fsyntax-only', source], { encoding: 'utf8' });
        const problems = matched(stderr);
        const at = (line, severity) => problems.find(
            problem => problem.line === line && problem.severity === severity);
        assert.ok(problems.every(problem => problem.file === source), stderr);
        assert.match(at('2', 'error')?.message, /conflicting types/, stderr);
        assert.match(at('1', 'note')?.message, /previous declaration/, stderr);
        assert.match(at('3', 'error')?.message, /missing_name/, stderr);
        assert.equal(at('3', 'error').column, String(column), stderr);
        assert.match(at('4', 'error')?.message, /ä b\.h/, stderr);
    });
}
