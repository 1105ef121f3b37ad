import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countRestarts } from '../../../agent/delivery/restarts';
import { noProblems } from '../builders';

describe('the count of restarts', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-restarts-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const start = () => countRestarts(directory, 'mything1', noProblems());

  it('rises with each start that delivers nothing, and begins anew with a delivery', () => {
    const counts = [start().count(), start().count()];
    const third = start();
    counts.push(third.count());
    third.noteDelivery();

    expect([...counts, third.count(), start().count()]).toEqual([0, 1, 2, 0, 1]);
  });

  it('counts each start of an agent that is killed after each report', () => {
    const counts = [1, 2, 3].map(() => {
      const one = start();
      const count = one.count();
      one.noteDelivery();
      return count;
    });

    expect(counts).toEqual([0, 1, 1]);
  });

  it('is absent if the stored value is not a count', () => {
    writeFileSync(join(directory, 'mything1.starts'), 'many');

    expect(start().count()).toBe(0);
  });
});
