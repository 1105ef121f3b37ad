import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder } from '../../local/claim-folder';
import { makeTemporaryFolder } from '../temporary-folder';

describe('claimFolder', () => {
  const claimNew = () => {
    const folder = makeTemporaryFolder();
    const localFile = join(folder, 'local.json');
    return { folder, localFile, claim: () => claimFolder(folder, localFile) };
  };

  it('refuses a second stack while the first one still boots', async () => {
    const { claim } = claimNew();
    await claim();

    await expect(claim()).rejects.toThrow(
      `a local stack starts in this folder already: wait for it, or stop it with Ctrl-C in its terminal, or with kill ${process.pid}`,
    );
  });

  it('refuses a second stack while the first one runs, and names its endpoint', async () => {
    const { claim, localFile } = claimNew();
    await claim();
    writeFileSync(localFile, JSON.stringify({ pid: process.pid, endpoint: 'http://127.0.0.1:1' }));

    await expect(claim()).rejects.toThrow(
      `a local stack runs in this folder already (http://127.0.0.1:1): stop it with Ctrl-C in its terminal, or with kill ${process.pid}`,
    );
  });

  it('lets only one of several stacks that start at once claim the folder', async () => {
    const { claim } = claimNew();

    const claims = await Promise.allSettled([claim(), claim(), claim()]);

    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('claims a folder again after its stack has ended, and leaves no file', async () => {
    const { claim, folder } = claimNew();

    for (let stack = 0; stack < 2; stack += 1) {
      const end = await claim();
      await end();
    }

    expect(readdirSync(folder)).toEqual([]);
  });

  it('claims the folder of a crashed stack whose pid another process has now', async () => {
    const { claim, folder } = claimNew();
    for (const pid of [process.pid, process.ppid]) {
      writeFileSync(join(folder, 'claim.json'), JSON.stringify({ pid, start: '1' }));
      const end = await claim();
      await end();
    }

    expect(readdirSync(folder)).toEqual([]);
  });

  it('claims the folder of a crashed stack, and removes the address that this one left', async () => {
    const { claim, folder, localFile } = claimNew();
    const { pid } = spawnSync(process.execPath, ['--version']);
    for (const file of ['claim.json', 'local.json'])
      writeFileSync(join(folder, file), JSON.stringify({ pid }));

    await claim();

    expect(readdirSync(folder)).toEqual(['claim.json']);
    await expect(claimFolder(folder, localFile)).rejects.toThrow(`kill ${process.pid}`);
  });
});
