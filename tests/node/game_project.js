// A Meson project with one module, and hotrun at work on it.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const { HOTRUN_TOOL, HOTRUN_INCLUDE, HOTRUN_FOLDER } = process.env;

class GameProject {
    constructor() {
        this.folder = fs.mkdtempSync(path.join(HOTRUN_FOLDER, 'a gäme '));
        this.source = this.path('game.c');
        fs.writeFileSync(this.path('meson.build'),
            "project('game', 'c')\n" +
            `shared_module('game', 'game.c', include_directories: '${HOTRUN_INCLUDE}')\n`);
        this.write(1);
        execFileSync('meson', ['setup', this.path('build')], { cwd: this.folder });
    }

    path(name) {
        return path.join(this.folder, name);
    }

    // What stands before the code is where the test wants to have an error.
    write(value, before = '') {
        fs.writeFileSync(this.source, before + '#include "hotrun/module.h"\n' +
            `void hotrun_step(hotrun_context *ctx) { ctx->state = (void *)${value}; }\n`);
    }

    // Runs a subcommand to its end, whatever that is; gives what it prints on standard output.
    hotrun(...words) {
        try {
            return execFileSync(HOTRUN_TOOL, words,
                { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        } catch (error) {
            return error.stdout;
        }
    }

    // It looks every 100 seconds only: what is built is what an editor told of.
    async start() {
        this.run = spawn(HOTRUN_TOOL, ['--interval', '5', '--poll', '100000', '--events', '-'],
            { cwd: this.folder, stdio: ['ignore', 'pipe', 'inherit'] });
        this.ended = new Promise(resolve => this.run.on('close', resolve));
        const lines = readline.createInterface({ input: this.run.stdout });
        for await (const line of lines) {
            if (line.includes('"event":"ready"'))
                break;
        }
        this.run.stdout.resume();
    }

    // Its exit status.
    async end() {
        this.run.kill('SIGTERM');
        const status = await this.ended;
        fs.rmSync(this.folder, { recursive: true });
        return status;
    }
}

module.exports = { GameProject };
