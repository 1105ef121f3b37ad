import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcReader } from '../../../agent/proc/proc-reader';
import { childrenFromFiles } from '../../../agent/processes/list-children';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cordon-proc-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function writeChildren(pid: number, thread: number, children: readonly number[]): void {
  const folder = join(root, String(pid), 'task', String(thread));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'children'), children.map((child) => `${child} `).join(''));
}

it.each([
  ['all those of a thread that has more than fit into 64 KB, which hide nobody', 20_000],
  ['more than a function takes arguments', 150_000],
])('the children of a process are %s', (_, count) => {
  const many = Array.from({ length: count }, (__, index) => 1_000_000 + index);
  writeChildren(7, 7, many);
  writeChildren(7, 8, [9]);
  const proc = createProcReader(root);
  const list = childrenFromFiles(proc);

  const found = [list(7, undefined), list(7, 1)];

  proc.close();
  const expected = [[...many, 9], many];
  expect(found.map((one) => [one.length, one.at(-1)])).toEqual(
    expected.map((one) => [one.length, one.at(-1)]),
  );
  expect(found.map(String)).toEqual(expected.map(String));
});
