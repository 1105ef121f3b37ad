import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aReport } from '../alerts';
import { publishOrCut } from '../mqtt-client';
import { type Packages, packageService } from '../package-service';
import { e2e } from './stack';

/** The rule of the repository's cordon.yml under other names, and a playbook that only looks. */
const configuration = `
customMetrics: { num_child_procs_myapp: { type: number } }
securityProfiles:
  renamed-processes:
    targets: [all/registered-things]
    behaviors:
      - name: renamed-behavior
        metric: num_child_procs_myapp
        criteria: { comparisonOperator: less-than-equals, value: { number: 0 } }
playbooks: [{ name: renamed, mode: observe }]
`;

let renamed: Packages;

/** Does what `sls deploy` does: each function gets the new package, while queues, table and registry stay. */
async function deploy({ directory }: Packages): Promise<void> {
  const { gateway } = e2e.stack.aws;
  const { region } = e2e.stack.identity;
  const lambda = new LambdaClient({
    endpoint: gateway.url,
    region,
    credentials: gateway.operatorCredentials,
  });
  for (const { name } of e2e.stack.functions.definitions()) {
    const ZipFile = await readFile(join(directory, `${name.split('-').at(-1)}.zip`));
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }));
  }
  lambda.destroy();
}

/** A deploy of another cordon.yml while a thing is contained. */
export function testUpgrade(): void {
  beforeAll(async () => {
    renamed = await packageService(configuration);
  }, 180_000);

  afterAll(async () => {
    await renamed?.remove();
  });

  describe('a deploy of a cordon.yml with new names for profile, behavior and playbook', () => {
    it('keeps containments, ends the alarms of the old names, and raises those of the new names', async () => {
      const device = await e2e.enroll('renamed');
      const held = await e2e.connect(device);
      const report = (client: typeof held, name: string, children: number) =>
        publishOrCut(client, `cordon/things/${name}/reports/json`, JSON.stringify(aReport(children)));
      await report(held, 'renamed', 1);
      const before = await e2e.waitForCase('renamed', 'contained');

      await deploy(renamed);
      // It is denied for its application only: its reports still come.
      const back = await e2e.connect(device);
      await report(back, 'renamed', 2);
      await e2e.waitForQuiet();

      const after = await e2e.loadCase('renamed');
      expect(after).toMatchObject({ status: 'contained', caseId: before.caseId, playbook: 'spawned-child' });
      expect(
        Object.values(after?.violations ?? {}).map(({ behaviorName, lastEventType }) => [
          behaviorName,
          lastEventType,
        ]),
      ).toEqual([
        ['no-child-processes', 'alarm-invalidated'],
        ['renamed-behavior', 'in-alarm'],
      ]);

      // The new rules decide about new alerts.
      const free = await e2e.connect(await e2e.enroll('renamed-later'));
      await report(free, 'renamed-later', 1);
      expect(await e2e.waitForCase('renamed-later', 'observed')).toMatchObject({
        reason: 'playbook renamed only observes',
      });

      await e2e.command({ type: 'release', thingName: thingKey('renamed'), actor: 'test' });
      expect(await e2e.waitForCase('renamed', 'closed')).toMatchObject({
        reason: 'released: everything is as it was before',
      });
    }, 180_000);
  });
}
