import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain } from '../../cli/check';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-check-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function explainText(text: string): Promise<string[]> {
  const file = join(folder, 'cordon.yml');
  await writeFile(file, text);
  return explain(file).split('\n').slice(2);
}

describe('check explains in words', () => {
  it('that the quarantine group is one of the account', async () => {
    const lines = await explainText(`
sources: { deviceDefender: { profiles: existing } }
playbooks: [{ name: any, mode: observe }]
quarantine: { thingGroup: theirs, adopt: true }
`);

    expect(lines).toContain(
      'Quarantine group: theirs of the account, which the stack neither creates nor deletes',
    );
  });

  it('which playbooks may apply to a behavior, in order, up to the first that always applies', async () => {
    const lines = await explainText(`
customMetrics:
  children: { type: number }
  names: { type: string-list }
securityProfiles:
  processes:
    targets: [all/registered-things, thinggroup/lab]
    behaviors:
      - name: no-child
        metric: children
        criteria: { comparisonOperator: less-than-equals, value: { number: 0 }, consecutiveDatapointsToAlarm: 3 }
      - name: known-names
        metric: names
        criteria: { comparisonOperator: in-set, value: { strings: [sh] } }
      - name: quiet
        metric: children
        criteria: { comparisonOperator: less-than, value: { number: 9 } }
        suppressAlerts: true
playbooks:
  - { name: lab, when: { thingGroup: lab, behavior: no-child }, mode: observe, severity: low }
  - name: typed
    when: { thingType: sensor, attribute: { site: x }, behavior: no-child }
    mode: approve
    actions: [deny-certificate]
    release: { clearedFor: 30m }
  - name: strict
    when: { behavior: no-child }
    severity: critical
    mode: enforce
    actions: [quarantine, disconnect]
    escalate: { afterContainments: 2, within: 24h, actions: [deactivate-certificate] }
    release: { after: 36h }
  - { name: anything-else, mode: observe }
guards:
  exempt: [{ thingGroup: life-support }, { attribute: { critical: 'true' } }]
  fleetLimit: { things: 10, percent: 5, within: 10m }
  maxThingsSharingPolicy: 3
  approvalExpires: 12h
quarantine: { keepTopics: ['jobs/\${thing}/*'] }
`);

    expect(lines).toEqual([
      'Detector: cordon',
      'processes/no-child (all/registered-things, thinggroup/lab)',
      '  normal: children is at most 0; an alarm after 3 reports in a row outside this bound',
      '  else, the first of these that applies:',
      '    1. playbook lab, for things in group lab, low: recorded',
      '    2. playbook typed, for things of type sensor and things with attribute site=x, medium: after approval deny-certificate; released by time, once every violation has been clear for 30 minutes',
      '    3. playbook strict, critical: at once quarantine + disconnect; also deactivate-certificate, from containment 3 within 1 day; released by time, 36 hours after the denial was verified',
      'processes/known-names (all/registered-things, thinggroup/lab)',
      '  normal: names is nothing but ["sh"]',
      '  else:   playbook anything-else, medium: recorded',
      'processes/quiet (all/registered-things, thinggroup/lab)',
      '  normal: children is less than 9',
      '  else:   nothing, because suppressAlerts sends no alert',
      '',
      'Guards:',
      "  never contained: group life-support, attribute critical=true; if the thing can't be looked up, Cordon asks",
      '  fleet limit: 10 things or 5 % of the fleet within 10 minutes; then Cordon asks',
      '  shared: a policy or certificate that more than 3 things use is changed only after approval',
      "  forged: a report from a certificate that is not the thing's own contains nothing until a person approves",
      '  approval: a request expires after 12 hours, and the case is only recorded',
      '  kill switch: while it is on, Cordon only records',
      '',
      `Contained things may use only: jobs/\${thing}/*`,
      'While IoT Core uses cached policies (6 to 8 minutes), their own certificates are inactive',
      'Closed cases: kept for 400 days',
      'Announcements go to: nobody',
      'Warning: no e-mail address: nobody receives announcements and alarms: set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
    ]);
  });

  it('windows, percentiles, minutes, and what only Device Defender evaluates', async () => {
    const lines = await explainText(`
detector: both
customMetrics: { load: { type: number } }
securityProfiles:
  p:
    targets: [all/things]
    behaviors:
      - name: bytes
        metric: aws:all-bytes-out
        criteria: { comparisonOperator: less-than, value: { count: 5 }, durationSeconds: 900 }
      - name: rank
        metric: load
        criteria: { comparisonOperator: less-than-equals, statisticalThreshold: { statistic: p99.9 }, durationSeconds: 3600 }
      - name: away
        metric: aws:disconnect-duration
        criteria: { comparisonOperator: less-than-equals, value: { count: 30 } }
      - name: learned
        metric: load
        criteria: { mlDetectionConfig: { confidenceLevel: HIGH } }
      - name: chatty
        metric: aws:num-messages-sent
        criteria: { comparisonOperator: less-than, value: { count: 9 }, durationSeconds: 300 }
playbooks: [{ name: sure, when: { confidence: LOW }, mode: observe }, { name: watch, mode: observe }]
`);

    expect(lines.filter((line) => / playbook (sure|watch)/.test(line))).toEqual([
      '  else:   playbook watch, medium: recorded',
      '  else:   playbook watch, medium: recorded',
      '  else:   playbook watch, medium: recorded',
      '    1. playbook sure, for alarms of LOW or higher ML confidence, medium: recorded',
      '    2. playbook watch, medium: recorded',
      '  else:   playbook watch, medium: recorded',
    ]);
    expect(lines.filter((line) => /normal|seen/.test(line))).toEqual([
      '  normal: aws:all-bytes-out is less than 5 in 15 minutes',
      '  normal: load is at most p99.9 of the fleet in 1 hour',
      '  normal: aws:disconnect-duration is at most 30 minutes',
      '  normal: load is within what Device Defender has learned, with HIGH confidence',
      '  seen by: only Device Defender, which has machine learning',
      '  normal: aws:num-messages-sent is less than 9 in 5 minutes',
      '  seen by: only Device Defender, which has this metric',
    ]);
  });

  it('that no guard is needed if every playbook only records', async () => {
    const lines = await explainText(`
customMetrics: { children: { type: number } }
securityProfiles:
  processes:
    targets: [all/things]
    behaviors:
      - { name: no-child, metric: children, criteria: { comparisonOperator: less-than, value: { number: 1 } } }
playbooks: [{ name: watch, mode: observe }]
notify: { slack: { channel: '#ot', operators: [U1AB, W2CD] }, email: [soc@factory.io] }
`);

    expect(lines).toEqual([
      'Detector: cordon',
      'processes/no-child (all/things)',
      '  normal: children is less than 1',
      '  else:   playbook watch, medium: recorded',
      '',
      'Guards: none, because every playbook only records',
      '',
      expect.stringMatching(/^Contained things may use only: /),
      'While IoT Core uses cached policies (6 to 8 minutes), their own certificates are inactive',
      'Closed cases: kept for 400 days',
      'Announcements go to: Slack #ot, soc@factory.io',
      'Cases that are only recorded: one message for all of them, every hour',
      'Storms: one message for all cases, once more than 5 things have a new one of the same behavior within 10 minutes',
      'A failed containment that nobody takes: announced again after 15 minutes, 5 times at growing intervals',
      'Buttons in Slack: only for U1AB, W2CD',
      "Slack receives nothing until Slack's bot token or the URL of an incoming webhook is stored: aws ssm put-parameter --name /cordon-STAGE/slack --type SecureString --value xoxb-YOUR-BOT-TOKEN",
    ]);
  });
});
