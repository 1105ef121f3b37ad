import { type AuditPorts, handleAudit } from '../../../functions/intake/audit';
import { intake } from '../../../functions/intake/handler';
import type { AuditedResource } from '../../../shared/domain/findings/audit';
import type { AuditFinding, AuditResult } from '../../../shared/domain/findings/finding';
import type { Audits } from '../../../shared/ports/aws';
import type { AuditMemory } from '../../../shared/ports/storage';
import { account, now } from '../../builders';
import { aRecord, fakeClientIds, fakeDeadLetters, fakeQueue, fakeTelemetry } from '../../fakes';

const shared = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const permissive = 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK';
const clients = 'CONFLICTING_CLIENT_IDS_CHECK';
const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;

function aResource(over: Partial<AuditedResource>): AuditedResource {
  return { findingId: 'f-1', reason: 'for the test', severity: 'high', relatedCertificates: [], ...over };
}

interface Account {
  readonly found?: Readonly<Record<string, readonly AuditedResource[]>>;
  readonly certificates?: Readonly<Record<string, readonly string[]>>;
  readonly authorities?: Readonly<Record<string, readonly string[]>>;
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly policies?: Readonly<Record<string, readonly string[]>>;
}

function fakeAudits({
  found = {},
  certificates = {},
  authorities = {},
  groups = {},
  policies = {},
}: Account): Audits {
  const page = (items: readonly string[] = []) => ({
    items: items.slice(0, 250),
    hasMore: items.length > 250,
  });
  return {
    async *listFindings(_taskId, check) {
      yield* found[check] ?? [];
    },
    listThingsOfCertificate: async (id) => page(certificates[id]),
    listThingsOfGroup: async (name) => page(groups[name]),
    listCertificatesOfCa: async (id) => page(authorities[id]),
    listTargets: async (name) => page(policies[name]),
  };
}

function fakeMemory(): AuditMemory {
  const items = new Map<string, { value: never; version: number }>();
  const load = async (key: string) => items.get(key);
  const save = async (key: string, value: unknown, previous: number) => {
    items.set(key, { value: value as never, version: previous + 1 });
    return previous + 1;
  };
  return {
    load,
    save,
    loadTold: () => load('TOLD'),
    saveTold: (text, previous) => save('TOLD', text, previous),
  };
}

function setUp() {
  const sent: AuditFinding[] = [];
  const told: string[] = [];
  const memory = fakeMemory();
  const { log } = fakeTelemetry();
  const portsOf = (aws: Account): AuditPorts => ({
    audits: fakeAudits(aws),
    memory,
    operations: { notify: async (_, text) => void told.push(text) },
  });
  const take = (
    aws: Account,
    over: Partial<AuditResult> = {},
    checks: readonly string[] = [shared, permissive, clients],
  ) =>
    handleAudit(
      {
        taskId: 'task-1',
        startedAt: now,
        checks: checks.map((check) => ({ check, status: 'COMPLETED_NON_COMPLIANT', nonCompliant: 1 })),
        ...over,
      },
      async (finding) => void sent.push(finding),
      { ...portsOf(aws), log },
    );
  const events = () =>
    sent
      .splice(0)
      .map(({ eventType, check, resource, thingName }) => [eventType, check, resource, thingName].join(' '));
  return { take, events, sent, told, portsOf };
}

const ofCertificate: Account = {
  found: { [shared]: [aResource({ certificateId: 'c1' })] },
  certificates: { c1: ['pump', 'valve'] },
};

describe('the findings of an audit that is over', () => {
  it('go to the things of their certificate, of the targets of their policy, and of their client id', async () => {
    const { take, events, told } = setUp();

    await take({
      found: {
        [shared]: [aResource({ certificateId: 'c1' })],
        [permissive]: [aResource({ policyName: 'device' })],
        [clients]: [
          aResource({ clientId: 'twin', relatedCertificates: ['c1'] }),
          aResource({ clientId: 'lonely' }),
        ],
      },
      certificates: { c1: ['pump'] },
      groups: { sensors: ['fan'] },
      policies: { device: [arn('cert/c1'), arn('thinggroup/sensors'), 'us-east-1:a-cognito-identity'] },
    });

    expect(events()).toEqual([
      `in-alarm ${shared} c1 pump`,
      `in-alarm ${permissive} device pump`,
      `in-alarm ${permissive} device fan`,
      `in-alarm ${clients} twin pump`,
      `in-alarm ${clients} lonely lonely`,
    ]);
    expect(told).toEqual([]);
  });

  it('of a CA certificate go to the things of the certificates that it signed', async () => {
    const { take, events, told } = setUp();
    const revoked = 'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK';

    await take(
      {
        found: {
          [revoked]: [aResource({ caCertificateId: 'ca1' }), aResource({ caCertificateId: 'unused' })],
        },
        authorities: { ca1: ['c1', 'c2', 'of-no-thing'] },
        certificates: { c1: ['pump'], c2: ['valve'] },
      },
      {},
      [revoked],
    );

    expect(events()).toEqual([`in-alarm ${revoked} ca1 pump`, `in-alarm ${revoked} ca1 valve`]);
    expect(told).toEqual([`${revoked}: 1 finding of no thing\n\nWhat to do: docs/audit-findings.md`]);
  });

  it('of a CA with many certificates of no thing make no more calls than the time allows, and clear no finding of the CA', async () => {
    const { take, events, told } = setUp();
    const revoked = 'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK';
    const many = Array.from({ length: 200 }, (_, index) => `empty-${index}`);
    const found = { [revoked]: [aResource({ caCertificateId: 'ca1' })] };
    await take({ found, authorities: { ca1: ['c1'] }, certificates: { c1: ['pump'] } }, {}, [revoked]);
    events();

    await take(
      { found, authorities: { ca1: [...many, 'c1'] }, certificates: { c1: ['pump'] } },
      { taskId: 'task-2', startedAt: now + 1 },
      [revoked],
    );

    expect(events()).toEqual([]);
    expect(told.at(-1)).toContain('1 with more things than Cordon takes of a finding or an audit');
  });

  it('are cleared by the next audit that no longer lists them, and by no older one', async () => {
    const { take, events } = setUp();
    await take(ofCertificate);
    events();

    await take({}, { startedAt: now - 1 });
    expect(events()).toEqual([]);
    await take({}, { startedAt: now + 1 });
    expect(events()).toEqual([`alarm-cleared ${shared} c1 pump`, `alarm-cleared ${shared} c1 valve`]);
  });

  it.each(['FAILED', 'CANCELED', 'IN_PROGRESS', 'WAITING_FOR_DATA_COLLECTION'])(
    'are not cleared by a check that is %s, which is announced to people',
    async (status) => {
      const { take, events, told } = setUp();
      await take(ofCertificate);
      events();

      await take({}, { startedAt: now + 1, checks: [{ check: shared, status, nonCompliant: 0 }] });

      expect(events()).toEqual([]);
      expect(told).toEqual([
        `${shared} is ${status}, so it clears nothing\n\nWhat to do: docs/audit-findings.md`,
      ]);
    },
  );

  it('of no thing are counted and announced in one line, and again only if it changes', async () => {
    const { take, told, events } = setUp();
    const aws: Account = { found: { [shared]: [aResource({ certificateId: 'nobody' })] } };
    const checks = [shared, 'CA_CERTIFICATE_EXPIRING_CHECK', 'LOGGING_DISABLED_CHECK'];

    await take(aws, {}, checks);
    await take(aws, { startedAt: now + 1 }, checks);
    await take({}, { startedAt: now + 2 }, [shared]);
    await take(aws, { startedAt: now + 3 }, [shared]);

    expect(events()).toEqual([]);
    expect(told).toEqual([
      `${shared}: 1 finding of no thing; CA_CERTIFICATE_EXPIRING_CHECK: 1 finding of no thing; LOGGING_DISABLED_CHECK: 1 finding of no thing\n\nWhat to do: docs/audit-findings.md`,
      `${shared}: 1 finding of no thing\n\nWhat to do: docs/audit-findings.md`,
    ]);
  });

  it('have at most 20 things each, and say so; of such a resource nothing is cleared', async () => {
    const { take, told, events } = setUp();
    const many = Array.from({ length: 21 }, (_, index) => `thing-${index}`);
    const found = { [shared]: [aResource({ certificateId: 'c1' })] };

    await take({ found, certificates: { c1: many } });
    await take({ found, certificates: { c1: many.toReversed() } }, { startedAt: now + 1 });

    expect(events().filter((event) => event.startsWith('alarm-cleared'))).toEqual([]);
    expect(told).toEqual([
      `${shared}: 1 with more things than Cordon takes of a finding or an audit\n\nWhat to do: docs/audit-findings.md`,
    ]);
  });

  it('are at most 100 of an audit; a message counts the others, and such a list clears nothing', async () => {
    const { take, told, events } = setUp();
    await take(ofCertificate);
    events();
    const found = Array.from({ length: 102 }, (_, index) => aResource({ certificateId: `d${index}` }));
    const certificates = Object.fromEntries(found.map((_, index) => [`d${index}`, [`thing-${index}`]]));

    await take({ found: { [shared]: found }, certificates }, { startedAt: now + 1 });

    const all = events();
    expect(all).toHaveLength(100);
    expect(all.every((event) => event.startsWith('in-alarm'))).toBe(true);
    expect(told).toEqual([
      `${shared}: 2 findings more than the 100 that Cordon takes of an audit\n\nWhat to do: docs/audit-findings.md`,
    ]);
  });

  it('are read in the order of severity of their checks, whatever the order in the message', async () => {
    const { take, events } = setUp();
    const expiring = 'DEVICE_CERTIFICATE_EXPIRING_CHECK';
    const many = Array.from({ length: 120 }, () => aResource({ certificateId: 'c1' }));
    const found = { [expiring]: many, [shared]: [aResource({ certificateId: 'c1' })] };

    await take({ found, certificates: { c1: ['pump'] } }, {}, [expiring, shared]);

    expect(events()).toEqual([`in-alarm ${shared} c1 pump`, `in-alarm ${expiring} c1 pump`]);
  });

  it('leave out names that no thing has', async () => {
    const { take, events } = setUp();

    await take({ found: { [clients]: [aResource({ clientId: 'a b' })] } });

    expect(events()).toEqual([]);
  });
});

describe('the message that an audit is over', () => {
  const message = {
    taskId: 'task-1',
    taskStartTime: now,
    auditDetails: [
      { checkName: shared, checkRunStatus: 'COMPLETED_NON_COMPLIANT', nonCompliantResourcesCount: 1 },
    ],
  };

  function takeMessage(body: unknown) {
    const { sent, commands } = fakeQueue();
    const { letters, deadLetters } = fakeDeadLetters();
    const { log, metrics } = fakeTelemetry();
    const take = intake(
      {
        ...{ ...fakeClientIds(), heldThings: { find: async () => [] }, commands, deadLetters, log, metrics },
        ...{ own: account, senders: [], prefix: 'cordon-dev', clock: () => now },
        audits: setUp().portsOf(ofCertificate),
      },
      'arn:aws:sqs:us-east-1:000000000000:presence',
    );
    return take(aRecord(body)).then(() => ({ sent, letters }));
  }

  it('becomes a command for each thing', async () => {
    const { sent } = await takeMessage(message);

    expect(sent.map(({ command }) => command)).toMatchObject([
      {
        type: 'violation',
        thingName: 'pump',
        violation: { kind: 'audit', occurredAt: now, detector: 'audit' },
      },
      { type: 'violation', thingName: 'valve' },
    ]);
  });

  it('is set aside if it is incomplete, or is of another account', async () => {
    const broken = await takeMessage({ ...message, taskId: undefined });
    const foreign = await takeMessage({ ...message, accountId: '123456789012' });

    expect([broken.sent, foreign.sent]).toEqual([[], []]);
    expect([...broken.letters, ...foreign.letters].map(({ reason }) => reason)).toEqual([
      'an Audit result without a task, its time, or its checks',
      expect.stringMatching(/^from 123456789012/),
    ]);
  });
});
