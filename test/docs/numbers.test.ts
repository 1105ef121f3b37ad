import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages';

const sources = ['agent', 'cli', 'functions', 'infra', 'shared'].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, room, file), 'utf8').replace(/\s+/g, ' ')),
);

/** Numbers on the pages, each with the code that it comes from: who changes the code changes the page. */
const statements: readonly (readonly [page: string, text: string, code: string])[] = [
  ['how-it-decides', 'more than a day ahead or more than 14 days back', 'const oldestMs = 14 * dayMs;'],
  ['how-it-decides', 'goes back by more than ten minutes', 'export const lateMs = 600_000;'],
  ['how-it-decides', 'within ten minutes of it', 'export const lateMs = 600_000;'],
  ['how-it-decides', 'at most ten events a minute for a behavior', 'const maxFlaps = 10;'],
  ['how-it-decides', 'and is silent for an hour', 'const leftMs = 3_600_000;'],
  ['how-it-decides', 'four certificates under its own client ids', 'const maxOwn = 4;'],
  ['how-it-decides', 'and three under others', 'const maxForeign = 3;'],
  ['how-it-decides', 'within six minutes after it is off', 'const lookAgainMs = 5 * 60_000;'],
  ['how-it-decides', '(default 24 h)', 'approvalExpires: z._default(duration, 86_400_000)'],
  ['how-it-decides', 'disproves the denial for 20 minutes', 'const verifyDeadlineMs = 20 * 60_000;'],
  ['how-it-decides', '(up to 50, ', 'const maxKept = 50;'],
  ['how-it-decides', 'for 400 days)', 'const keptMs = 400 * 86_400_000;'],
  ['how-it-decides', 'at first after 15 minutes', 'const firstReverifyMs = 15 * 60_000;'],
  ['how-it-decides', 'every two hours once', 'export const longestReverifyMs = 2 * 3_600_000;'],
  ['how-it-decides', 'contained for eight hours', 'Math.max(heldMs / 4, firstReverifyMs)'],
  ['kill-switch', 'within six minutes and without another alert', 'const lookAgainMs = 5 * 60_000;'],
  ['operating', 'again 15 minutes after the failure', 'const firstReminderMs = 15 * 60_000;'],
  ['operating', 'The fifth reminder', 'const mostReminders = 5;'],
  ['kill-switch', 'within two minutes after it can read it', 'const readAgainMs = 60_000;'],
  ['operating', 'no report for three of its intervals', 'export const missed = 3;'],
  ['operating', 'of the first three gaps', 'const learnFrom = 3;'],
  ['operating', 'is silent after a day', 'const unknownMs = 8 * 3_600_000;'],
  ['operating', 'for more than ten, there is at most one message', 'export const most = 10;'],
  ['operating', 'one message in ten minutes', 'const windowMs = 600_000;'],
  ['closed-cases', 'The minimum is 30 days', 'const leastKept = 30 * 86_400_000;'],
  ['closed-cases', 'three of them at a time', 'const datedEarlier = 3;'],
  ['closed-cases', 'at least a month ahead', 'const timeToExport = 30 * 86_400_000;'],
  ['deploying', 'It has up to 24 of', 'const longest = 24;'],
  ['removing', 'up to five contained things', 'const named = 5;'],
  ['enrolling', 'tries for six minutes', 'patienceMs: 6 * 60_000,'],
  ['enrolling', 'longer than 121 characters', 'const longestClientId = 128;'],
  ['enrolling', 'limits a policy to 2,048 characters', 'const largestDocument = 2048;'],
  ['runbooks/agents-silent', 'every six hours', 'const lookAgainMs = 6 * 3_600_000;'],
  ['runbooks/containment-failed', 'tries again each minute', 'export const retryMs = 60_000;'],
  ['runbooks/slack', 'tries again at least every five minutes', 'const lastRetryMs = 5 * 60_000;'],
  ['agent', '90 reports or 128 KB', 'const mostWaitingReports = 90;'],
  ['agent', '90 reports or 128 KB', 'const mostWaitingBytes = 128 * 1024;'],
  ['agent', 'a quarter of an attempt', 'const addressShare = 1 / 4;'],
  ['agent', 'traffic five times a second', 'const lookEveryMs = 200;'],
  ['configuration', 'after 49 hours at the latest', 'const silenceMs = 48 * 3_600_000;'],
  ['configuration', 'every five minutes, as in Detect', 'const boundaryMs = 300_000;'],
];

describe('a number on a page', () => {
  it.each(statements)('docs/%s.md says "%s", which is in the code: %s', (page, text, code) => {
    const read = readFileSync(join(root, 'docs', `${page}.md`), 'utf8').replace(/\s+/g, ' ');

    expect(read).toContain(text);
    expect(sources.some((source) => source.includes(code))).toBe(true);
  });
});
