import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device } from '../../../local/devices';
import { thingKey } from '../../../shared/domain/thing-ref';
import { type AgentProgram, runAgent } from '../../agent/agent-program';
import { anAlert } from '../alerts';
import { root } from '../harness';
import { e2e } from './stack';

const bundle = join(root, 'dist', 'agent', 'cordon-agent.cjs');

/** The agent on a contained device. */
export function testAgent(): void {
  describe('the agent on a contained device', () => {
    let directory: string;
    let ca: string;
    const running: AgentProgram[] = [];

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'cordon-e2e-agent-'));
      ca = join(directory, 'ca.pem');
      await writeFile(ca, e2e.stack.ca.certificatePem);
    }, 180_000);
    afterAll(async () => {
      await Promise.all(running.map((one) => one.kill()));
      await rm(directory, { recursive: true, force: true });
    });

    function start({ thingName, cert, key }: Device): AgentProgram {
      const { port } = e2e.stack.broker;
      const connection = ['-e', `localhost:${port}`, '-r', ca, '-c', cert, '-k', key, '-id', thingName];
      const args = [bundle, ...connection, '-i', '1', '--state-dir', join(directory, 'state')];
      const agent = runAgent(process.execPath, args);
      running.push(agent);
      return agent;
    }

    it('knows of the containment, continues to report, remembers it after a restart, and learns of the release', async () => {
      const device = await e2e.enroll('aware');
      const first = start(device);
      await first.waitForEvent('accepted');
      await e2e.publishAlert(anAlert('aware'));
      const { caseId } = await e2e.waitForCase('aware', 'contained');
      expect(await first.waitForEvent('contained')).toMatchObject({ level: 'warn', caseId });
      const heard = first.events('accepted').length;
      await first.waitForEvent('accepted', heard + 2);
      expect(await first.stop()).toBe(0);

      const second = start(device);
      expect(await second.waitForEvent('contained')).toMatchObject({ caseId, remembered: true });
      await second.waitForEvent('accepted');
      await e2e.command({
        type: 'release',
        force: true,
        thingName: thingKey('aware'),
        actor: 'ada',
        comment: 'cleaned',
      });
      expect(await second.waitForEvent('released')).toMatchObject({ level: 'info', caseId });
      expect(await second.stop()).toBe(0);
    });

    it('learns at its next start of a release that happened while it was off', async () => {
      const device = await e2e.enroll('asleep');
      const first = start(device);
      await first.waitForEvent('accepted');
      await e2e.publishAlert(anAlert('asleep'));
      await first.waitForEvent('contained');
      await first.stop();
      await e2e.waitForCase('asleep', 'contained');
      await e2e.command({
        type: 'release',
        force: true,
        thingName: thingKey('asleep'),
        actor: 'ada',
        comment: 'cleaned',
      });
      await e2e.waitForCase('asleep', 'closed');

      const second = start(device);
      await second.waitForEvent('released');

      expect(second.events().map(({ event }) => event)).toEqual(
        expect.arrayContaining(['contained', 'connected', 'released']),
      );
    });
  });
}
