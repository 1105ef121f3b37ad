import type { MqttClient } from 'mqtt';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

const metric = 'num_child_procs_myapp';
const configuration = `
customMetrics: { ${metric}: { type: number } }
securityProfiles:
  myapp-processes:
    targets: [all/registered-things]
    behaviors:
      - name: no-child-processes
        metric: ${metric}
        criteria: { comparisonOperator: less-than-equals, value: { number: 0 } }
playbooks:
  - name: spawned-child
    mode: enforce
    actions: [quarantine, disconnect]
    unless: [{ executable: /usr/bin/curl, arguments: [-fsS, 'https://updates.example.com/check'] }]
notify: { email: [soc@example.com] }
`;

const curl = {
  ...{ metric, pid: 11, ppid: 10, executable: '/usr/bin/curl', user: 'app', parents: ['myapp'] },
  ...{ commandLine: 'curl -fsS https://updates.example.com/check', argumentCount: 2 },
};
const shell = { ...curl, pid: 12, executable: '/bin/sh', commandLine: 'sh -i', argumentCount: 1 };

let packages: Packages;
let e2e: EndToEnd;

beforeAll(async () => {
  packages = await packageService(configuration);
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory });
}, 240_000);

afterAll(async () => {
  await e2e?.close();
  await packages?.remove();
});

let ids = Date.now();

/** As the agent does. */
function report(client: MqttClient, thingName: string, number: number, more: object = {}) {
  ids += 1;
  const document = {
    header: { report_id: ids, version: '1.0' },
    custom_metrics: { [metric]: [{ number }] },
    ...more,
  };
  return publishOrCut(client, `cordon/things/${thingName}/reports/json`, JSON.stringify(document));
}

describe('the exceptions of a playbook, packaged', () => {
  it('have a child only recorded by name, until one comes that is none', async () => {
    const client = await e2e.connect(await e2e.enroll('updater'));

    await report(client, 'updater', 1, { evidence: [curl] });
    const observed = await e2e.waitForCase('updater', 'observed');

    const named = 'playbook spawned-child excepts it: /usr/bin/curl -fsS https://updates.example.com/check';
    expect(observed).toMatchObject({ reason: named, ledger: [] });
    const told = await waitUntil(
      () => 'a mail of it',
      () => e2e.stack.aws.mails().find(({ body }) => body.includes(named)),
      60_000,
    );
    expect(told.to).toBe('soc@example.com');

    await report(client, 'updater', 2, { evidence: [shell] });
    const contained = await e2e.waitForCase('updater', 'contained');
    expect(contained.caseId).toBe(observed.caseId);
    expect((await e2e.timelineOf(contained.caseId)).join('\n')).toContain(named);
  }, 180_000);

  it('contain a device that says nothing of who its child is, and show what its own exceptions were', async () => {
    const client = await e2e.connect(await e2e.enroll('silent-about-it'));

    await report(client, 'silent-about-it', 1, { exceptions: { [metric]: ['/usr/bin/ntpdate -q *'] } });
    const contained = await e2e.waitForCase('silent-about-it', 'contained');

    expect(Object.values(contained.violations)).toMatchObject([{ uncounted: ['/usr/bin/ntpdate -q *'] }]);
  }, 120_000);
});
