import { AttachThingPrincipalCommand } from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import { openCli } from './cli-process';
import { registerDocumented } from './documented-rights';
import { actUntil, type EndToEnd, startEndToEnd, waitUntil } from './harness';
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
  agents:
    targets: [all/registered-things]
    behaviors:
      - name: reports
        metric: cordon:missed-reports
        criteria: { comparisonOperator: less-than, value: { count: 3 } }
playbooks:
  - { name: silent, when: { behavior: reports }, mode: observe }
  - name: spawned-child
    mode: enforce
    actions: [quarantine, disconnect]
    unless: [{ executable: /usr/bin/curl, arguments: [-fsS, 'https://updates.example.com/check'] }]
notify: { email: [soc@example.com], digest: off }
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

/** Reports as the agent does. */
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
  it('have a child recorded by name only, until a child appears that is no exception', async () => {
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
    // Each run of the sweep also checks the subscriptions, since this stack has a mail address.
    expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    expect(e2e.countCalls('sweep')).toMatchObject({ 'sns:ListSubscriptionsByTopic': 2 });

    await report(client, 'updater', 2, { evidence: [shell] });
    const contained = await e2e.waitForCase('updater', 'contained');
    expect(contained.caseId).toBe(observed.caseId);
    expect((await e2e.timelineOf(contained.caseId)).join('\n')).toContain(named);
  }, 180_000);

  it('do not prevent the containment of a device that does not identify its child, and the case shows the device’s own exceptions', async () => {
    const client = await e2e.connect(await e2e.enroll('silent-about-it'));

    await report(client, 'silent-about-it', 1, { exceptions: { [metric]: ['/usr/bin/ntpdate -q *'] } });
    const contained = await e2e.waitForCase('silent-about-it', 'contained');

    expect(Object.values(contained.violations)).toMatchObject([{ uncounted: ['/usr/bin/ntpdate -q *'] }]);
  }, 120_000);
});

describe('packaged agents', () => {
  const health = { agent: '0.0.1', mode: 'children', intervalMs: 1_000, restarts: 0, spool: 0 };
  const look = () => e2e.stack.functions.invoke('cordon-dev-detect', { time: '2026-01-01T00:00:00Z' });
  /** The answer of the API to an operator. */
  async function showFleet(): Promise<unknown> {
    const { invoke } = e2e.stack.functions;
    const authorizer = { iam: { userArn: 'arn:aws:iam::000000000000:user/ada' } };
    const request = { version: '2.0', routeKey: 'GET /fleet', headers: {}, requestContext: { authorizer } };
    const outcome = await invoke('cordon-dev-operate', request);
    if (outcome.status !== 'succeeded') throw new Error(`GET /fleet ${outcome.status}`);
    return JSON.parse(JSON.parse(outcome.payload).body);
  }
  const mailOf = (text: RegExp) =>
    actUntil(
      () => `a mail of ${text}`,
      // What the schedule does each minute.
      async () => expect(await look()).toMatchObject({ status: 'succeeded' }),
      () => e2e.stack.aws.mails().find(({ body }) => text.test(body)),
    );

  it('are listed with the right to read agents only, and announced when they fall silent and report again', async () => {
    const reader = await registerDocumented(e2e, 'read-agents');
    const cli = await openCli(e2e, configuration, reader.credentials);
    try {
      const device = await e2e.enroll('sleeper');
      const client = await e2e.connect(device);
      await report(client, 'sleeper', 0, { health: { ...health, degraded: ['hidden'] } });
      await e2e.waitForQuiet();

      const listed = await cli.run('agents');
      expect(listed).toMatchObject({ code: 6, err: '' });
      expect(listed.out).toMatch(/degraded\+old +sleeper +0\.0\.1 .*degraded: hidden/);
      expect(await showFleet()).toMatchObject({
        degradedAgents: {
          count: 1,
          things: [{ thingName: 'sleeper', degraded: ['hidden'], words: "can't see all processes" }],
        },
      });

      await mailOf(
        /^1 agent fell silent since \d\d:\d\d UTC: sleeper\n\nWhich agents: npx cordon agents --silent\nWhat to do: docs\/runbooks\/agents-silent\.md$/,
      );
      expect((await e2e.waitForCase('sleeper', 'observed')).playbook).toBe('silent');
      expect(await cli.run('agents', '--silent', '--json')).toMatchObject({ code: 6 });
      expect((await cli.run('agents', 'sleeper')).out).toMatch(/^silent\+degraded\+old/);

      // The thing has got another certificate in the meantime, so Cordon asks the registry whose it is.
      const renewed = await e2e.enroll('renewed');
      await e2e.iot.send(
        new AttachThingPrincipalCommand({ thingName: 'sleeper', principal: renewed.certificateArn }),
      );
      const again = await e2e.connect(renewed, { clientId: 'sleeper' });
      const well = { ...health, agent: '9.0.0', intervalMs: 3_600_000, degraded: [] };
      await report(again, 'sleeper', 0, { health: well });
      await mailOf(/^1 of 1 agent that had fallen silent report/);
      await e2e.waitForCase('sleeper', 'closed');
      expect(await showFleet()).toMatchObject({ silentAgents: { count: 0 }, degradedAgents: { count: 0 } });
      expect(await cli.run('agents')).toMatchObject({
        code: 0,
        out: expect.stringMatching(
          /^0 of (1 agent is|\d+ agents are) listed\. --all lists the healthy ones too\.$/,
        ),
      });
      expect(reader.used()).toEqual(reader.granted);
    } finally {
      await cli.remove();
    }
  }, 300_000);
});
