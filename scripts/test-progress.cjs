const { relative } = require('node:path');

/** A reporter of Jest's: a line for each file that is done, with how many there are, and what failed in it at once. */
module.exports = class TestProgress {
  #done = 0;
  #total = 0;
  #root;

  constructor({ rootDir }) {
    this.#root = rootDir;
  }

  onRunStart({ numTotalTestSuites }) {
    this.#total = numTotalTestSuites;
  }

  onTestResult({ path }, { numFailingTests, testExecError, failureMessage, perfStats, skipped }) {
    if (skipped) return;
    this.#done += 1;
    const failed = numFailingTests > 0 || testExecError;
    const counter = `${String(this.#done).padStart(String(this.#total).length)}/${this.#total}`;
    const seconds = Math.round((perfStats.end - perfStats.start) / 100) / 10;
    say(`${counter} ${failed ? 'FAIL' : 'ok  '} ${relative(this.#root, path)} (${seconds} s)`);
    if (failureMessage) say(failureMessage);
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const broken = numRuntimeErrorTestSuites > 0 ? `, ${numRuntimeErrorTestSuites} files did not run` : '';
    say(`${numPassedTests} tests passed, ${numFailedTests} failed${broken}`);
  }
};

function say(text) {
  process.stderr.write(`${text}\n`);
}
