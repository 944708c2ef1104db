// The problem matcher of scripts/editors/vscode/tasks.json, as the editor applies it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const tasks = JSON.parse(fs.readFileSync(
    path.join(process.env.HOTRUN_EDITORS, 'vscode/tasks.json'), 'utf8'));
const { pattern } = tasks.tasks.find(task => task.label === 'hotrun: build').problemMatcher;

// The problems in what a task prints: the fields that the pattern names.
function matched(output) {
    const regexp = new RegExp(pattern.regexp);
    const fields = ['file', 'line', 'column', 'severity', 'message'];
    return output.split('\n').map(line => regexp.exec(line)).filter(match => match)
        .map(match => Object.fromEntries(fields.map(field => [field, match[pattern[field]]])));
}

module.exports = { matched };
