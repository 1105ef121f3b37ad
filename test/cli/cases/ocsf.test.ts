import fc from 'fast-check';
import { writeDetectionFinding } from '../../../cli/cases/ocsf';
import { checkChain } from '../../../cli/cases/verify';
import type { Case } from '../../../shared/domain/case/case';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aContext, certificateArn, decide, now, someFacts } from '../../builders';
import { detectionFinding } from '../ocsf-schema';
import { aContainedCase, advance, alarm, aReleasedCase, type StoredCase } from '../stored-cases';

const evidence = {
  metric: 'num_child_procs_myapp',
  pid: 4242,
  ppid: 4200,
  executable: '/bin/sh',
  commandLine: 'sh -c id',
  user: 'myapp',
  startedAt: now - 500,
  parents: ['myapp', 'systemd'],
};

const write = ({ record, rows }: StoredCase) =>
  writeDetectionFinding(record, '0.1.0', checkChain(record, rows, now));
const summary = (record: Case) => {
  const { activity_id, type_uid, type_name, status_id, status } = write({ record, rows: [] });
  return { activity_id, type_uid, type_name, status_id, status };
};
const asking = { configuration: { ...aContext().configuration } };
asking.configuration.playbooks = asking.configuration.playbooks.map((one) => ({ ...one, mode: 'approve' }));

describe('a case as an OCSF Detection Finding', () => {
  it('has the fields of the schema in their places, and the rest in unmapped', () => {
    const stored = aContainedCase({ evidence: [evidence], criteria: '{"value":{"number":0}}' });
    const { record, rows } = stored;

    expect(write(stored)).toEqual({
      activity_id: 1,
      activity_name: 'Create',
      category_name: 'Findings',
      category_uid: 2,
      class_name: 'Detection Finding',
      class_uid: 2004,
      type_name: 'Detection Finding: Create',
      type_uid: 200401,
      time: now,
      severity: 'Critical',
      severity_id: 5,
      status: 'In Progress',
      status_id: 2,
      message: 'mything1: contained',
      metadata: {
        version: '1.3.0',
        product: { name: 'Cordon', vendor_name: 'Cordon', version: '0.1.0' },
        profiles: ['cloud'],
        uid: 'case-1#1',
      },
      finding_info: {
        uid: 'case-1',
        title: 'mything1 violates myapp-processes/no-child-processes',
        desc: 'myapp-processes/no-child-processes: num_child_procs_myapp is {"number":1}, normal is {"value":{"number":0}}',
        types: ['num_child_procs_myapp'],
        created_time: now,
        modified_time: now,
        first_seen_time: now - 100,
        last_seen_time: now - 100,
      },
      resources: [
        {
          uid: 'mything1',
          name: 'mything1',
          type: 'AWS::IoT::Thing',
          data: { thingTypeName: undefined, attributes: {}, groups: ['sensors'] },
        },
      ],
      evidences: [
        {
          process: {
            pid: 4242,
            name: 'sh',
            cmd_line: 'sh -c id',
            file: { name: 'sh', path: '/bin/sh', type_id: 1 },
            user: { name: 'myapp' },
            created_time: now - 500,
            parent_process: { pid: 4200, name: 'myapp' },
          },
          data: evidence,
        },
      ],
      remediation: {
        desc: 'disconnect: verified (verify was done); quarantine: verified (verify was done)',
      },
      cloud: { provider: 'AWS', region: 'us-east-1', account: { uid: '000000000000' } },
      unmapped: {
        status: 'contained',
        detector: 'cordon',
        playbook: 'spawned-child',
        release: { by: 'operator' },
        escalation: undefined,
        violations: Object.values(record.violations),
        ledger: describeCase(record).ledger,
        appliedMs: 100,
        decidedMs: 0,
        verifiedMs: 100,
        timeline: checkChain(record, rows, now),
      },
    });
    expect(certificateArn).toMatch('us-east-1:000000000000');
  });

  it('is created, updated and closed as the case is', () => {
    const opened = advance(undefined, alarm(), asking);
    const by = { thingName: thingKey('mything1'), actor: 'ada' };
    const later = { now: now + 5_000 };
    const rejected = advance(opened, { type: 'reject', ...by }, later);

    expect(summary(opened)).toEqual({
      activity_id: 1,
      type_uid: 200401,
      type_name: 'Detection Finding: Create',
      status_id: 1,
      status: 'New',
    });
    expect(summary(rejected)).toEqual({
      activity_id: 2,
      type_uid: 200402,
      type_name: 'Detection Finding: Update',
      status_id: 2,
      status: 'In Progress',
    });
    expect(summary(advance(rejected, { type: 'dismiss', ...by }, later))).toEqual({
      activity_id: 3,
      type_uid: 200403,
      type_name: 'Detection Finding: Close',
      status_id: 3,
      status: 'Suppressed',
    });
    expect(summary(aReleasedCase().record)).toMatchObject({ status_id: 4, status: 'Resolved' });
  });

  it('has no process if the device sent no whole number as its pid', () => {
    const rows = [
      { pid: 1.5, commandLine: 'x' },
      { executable: '/bin/sh' },
      { pid: 7, startedAt: 0.5, ppid: -0.5 },
    ];

    expect(write(aContainedCase({ evidence: rows })).evidences).toEqual([
      { data: rows[0] },
      { data: rows[1] },
      { process: { pid: 7 }, data: rows[2] },
    ]);
  });

  it('leaves out region and account if no certificate has them', () => {
    const stored = aContainedCase({}, { facts: someFacts({ principals: [] }) });

    expect(write(stored).cloud).toEqual({ provider: 'AWS' });
  });

  it('has no times of violations for a case an operator opened', () => {
    const record = advance(undefined, { type: 'contain', thingName: thingKey('mything1'), actor: 'ada' });

    expect(write({ record, rows: [] }).finding_info).toEqual({
      uid: 'case-1',
      title: 'mything1: no violation',
      desc: '',
      types: [],
      created_time: now,
      modified_time: now,
    });
  });

  it('conforms to the class of the schema for any input and any action', () => {
    const number = fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined });
    const text = fc.option(fc.string(), { nil: undefined });
    const anyEvidence = fc.record({
      pid: number,
      ppid: number,
      executable: text,
      commandLine: text,
      user: text,
      startedAt: number,
      parents: fc.option(fc.array(fc.string(), { maxLength: 2 }), { nil: undefined }),
    });
    const anyAct = fc.constantFrom('contain', 'approve', 'reject', 'release', 'dismiss');
    fc.assert(
      fc.property(
        fc.array(anyEvidence, { maxLength: 3 }),
        fc.array(anyAct, { maxLength: 3 }),
        fc.boolean(),
        (rows, acts, asks) => {
          let record = advance(undefined, alarm({ evidence: rows }), asks ? asking : {});
          for (const [index, type] of acts.entries()) {
            const command = { type, thingName: thingKey('mything1'), actor: 'ada' } as const;
            const context = { now: now + (index + 1) * 1_000, newCaseId: `case-${index + 2}` };
            if (decide(record, command, aContext(context)).outcome === 'unchanged') continue;
            record = advance(record, command, context);
          }
          const finding: unknown = JSON.parse(JSON.stringify(write({ record, rows: [] })));

          expect(detectionFinding.safeParse(finding).error?.issues).toBeUndefined();
        },
      ),
    );
  });
});
