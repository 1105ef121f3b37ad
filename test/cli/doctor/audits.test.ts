import { type AuditPlace, type AuditState, checkAudits } from '../../../cli/doctor/checks/audits';
import { parseConfiguration } from '../../../shared/config/parse';

const configuration = parseConfiguration(
  `
sources: { deviceDefender: { audit: true, topics: ['arn:aws:sns:eu-west-1:111122223333:mine'] } }
playbooks:
  - name: shared
    when: { auditCheck: DEVICE_CERTIFICATE_SHARED_CHECK }
    mode: approve
    actions: [deactivate-certificate]
  - { name: any, mode: observe }
`,
  'cordon.yml',
);

const topic = 'arn:aws:sns:eu-west-1:111122223333:cordon-dev-alerts';
const place: AuditPlace = { topic, role: 'arn:aws:iam::111122223333:role/cordon-dev-audit' };
const target = { topic, role: place.role ?? '', isEnabled: true };
const shared = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const well: AuditState = {
  target,
  enabledChecks: [shared],
  schedules: [{ name: 'nightly', checks: [shared] }],
};

const look = (state: Partial<AuditState> | undefined, of = place) =>
  checkAudits(
    configuration,
    async () =>
      state ? { ...well, ...state } : { enabledChecks: well.enabledChecks, schedules: well.schedules },
    async () => of,
  ).run();

describe('the check of Device Defender Audit', () => {
  it.each<[string, Partial<AuditState>]>([
    ['the alerts topic of the stack', {}],
    [
      'a topic that sources names',
      { target: { ...target, topic: 'arn:aws:sns:eu-west-1:111122223333:mine', role: 'x' } },
    ],
  ])('is content if it notifies %s', async (_, state) => {
    expect(await look(state)).toEqual([
      {
        level: 'ok',
        about: 'Device Defender Audit',
        what: '1 checks are enabled and scheduled, and Cordon receives their results',
      },
    ]);
  });

  it.each<[Partial<AuditState> | undefined, string, string]>([
    [
      undefined,
      'problem it publishes to no topic when an audit is over',
      `"targetArn":"${topic}","roleArn":"${place.role}"`,
    ],
    [
      { target: { ...target, isEnabled: false } },
      `problem its notifications to ${topic} are off`,
      'aws iot update-account-audit-configuration',
    ],
    [
      { target: { ...target, topic: `${topic}-other` } },
      `problem it publishes to ${topic}-other, which is neither the alerts topic of the stack nor in sources`,
      'docs/audit-findings.md',
    ],
    [
      { target: { ...target, role: 'arn:aws:iam::111122223333:role/other' } },
      'note it publishes with arn:aws:iam::111122223333:role/other, not with the role of the stack',
      'aws iot update-account-audit-configuration',
    ],
    [
      {
        enabledChecks: ['LOGGING_DISABLED_CHECK'],
        schedules: [{ name: 'nightly', checks: ['LOGGING_DISABLED_CHECK'] }],
      },
      'problem DEVICE_CERTIFICATE_SHARED_CHECK is not enabled, and playbook shared needs it',
      '{"DEVICE_CERTIFICATE_SHARED_CHECK": {"enabled": true}}',
    ],
    [
      { schedules: [] },
      'problem no audit is scheduled',
      `aws iot create-scheduled-audit --scheduled-audit-name daily --frequency DAILY --target-check-names ${shared}`,
    ],
    [
      { schedules: [{ name: 'nightly', checks: ['OTHER_CHECK'] }] },
      `problem no schedule has ${shared}, and a playbook waits for it`,
      `aws iot update-scheduled-audit --scheduled-audit-name nightly --target-check-names OTHER_CHECK ${shared}`,
    ],
    [
      { enabledChecks: [shared, 'A_CHECK', 'B_CHECK'] },
      'note no schedule has A_CHECK, B_CHECK',
      `aws iot update-scheduled-audit --scheduled-audit-name nightly --target-check-names ${shared} A_CHECK B_CHECK`,
    ],
    [{ enabledChecks: [] }, 'problem no check is enabled', 'docs/audit-findings.md'],
  ])('says what is wrong with %j', async (state, told, mend) => {
    const found = await look(state);
    expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([told]);
    expect(found[0]?.mend).toContain(mend);
    expect(found[0]?.why).toBeDefined();
  });

  it('says that a stack has no role for it', async () => {
    expect(await look({}, { topic })).toMatchObject([
      { level: 'problem', what: 'the stack has no role for it: it was deployed without audit: true' },
    ]);
  });
});
