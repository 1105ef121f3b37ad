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
const well: AuditState = { target, enabledChecks: ['DEVICE_CERTIFICATE_SHARED_CHECK'] };

const look = (state: Partial<AuditState> | undefined, of = place) =>
  checkAudits(
    configuration,
    async () => (state ? { ...well, ...state } : { enabledChecks: well.enabledChecks }),
    async () => of,
  ).run();

describe('the check of Device Defender Audit', () => {
  it.each<[string, Partial<AuditState>]>([
    ['the alerts topic of the stack', {}],
    [
      'a topic that sources names',
      { target: { ...target, topic: 'arn:aws:sns:eu-west-1:111122223333:mine', role: 'x' } },
    ],
  ])('is content where it tells %s', async (_, state) => {
    expect(await look(state)).toEqual([
      { level: 'ok', about: 'Device Defender Audit', what: '1 checks are enabled, and Cordon hears of them' },
    ]);
  });

  it.each<[Partial<AuditState> | undefined, string, string]>([
    [
      undefined,
      'problem it tells no topic when an audit is over',
      `"targetArn":"${topic}","roleArn":"${place.role}"`,
    ],
    [
      { target: { ...target, isEnabled: false } },
      `problem its notifications to ${topic} are off`,
      'aws iot update-account-audit-configuration',
    ],
    [
      { target: { ...target, topic: `${topic}-other` } },
      `problem it tells ${topic}-other, which is neither the alerts topic of the stack nor in sources`,
      'docs/audit-findings.md',
    ],
    [
      { target: { ...target, role: 'arn:aws:iam::111122223333:role/other' } },
      'note it publishes with arn:aws:iam::111122223333:role/other, not with the role of the stack',
      'aws iot update-account-audit-configuration',
    ],
    [
      { enabledChecks: ['LOGGING_DISABLED_CHECK'] },
      'problem DEVICE_CERTIFICATE_SHARED_CHECK is not enabled, and playbook shared waits for it',
      '{"DEVICE_CERTIFICATE_SHARED_CHECK": {"enabled": true}}',
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
