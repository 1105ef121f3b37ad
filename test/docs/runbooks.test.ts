import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { burst, perSecond } from '../../functions/detect/budget';
import { killSwitchTrustMs } from '../../shared/aws/kill-switch';
import { retryMs } from '../../shared/domain/case/lifecycle';
import { mostResumedAMinute } from '../../shared/domain/case/timers';
import { ofType, root, template } from '../infra/template/template';

const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const minutes = (seconds: number) =>
  seconds === 60 ? 'a minute' : `${words[seconds / 60] ?? seconds / 60} minutes`;

const alarms = new Map(
  ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => [
    String(Properties.AlarmName).replace('cordon-dev-', ''),
    Properties,
  ]),
);
function numberOf(alarm: string, property: string): number {
  const found = alarms.get(alarm)?.[property];
  if (typeof found !== 'number') throw new Error(`${alarm} has no ${property}`);
  return found;
}

interface Queue {
  readonly VisibilityTimeout: number;
  readonly RedrivePolicy: { readonly maxReceiveCount: number };
}
function queueOf(name: string): Queue {
  const found = ofType('AWS::SQS::Queue').find(([, { Properties }]) => Properties.QueueName === name);
  if (!found) throw new Error(`no queue ${name}`);
  return found[1].Properties as unknown as Queue;
}
const commands = queueOf('cordon-dev-commands.fifo');
const alerts = queueOf('cordon-dev-alerts');
const notify = queueOf('cordon-dev-notify');
const functions = ofType('AWS::Lambda::Function').length;

/** The numbers on the pages, calculated from the template and the code. */
const statements: readonly (readonly [page: string, text: string])[] = [
  ['slow-denial', `took more than ${minutes(numberOf('slow-denial', 'Threshold') / 1_000)}`],
  ['old-alerts', `has waited for more than ${minutes(numberOf('old-alerts', 'Threshold'))}`],
  ['old-commands', `has waited for more than ${minutes(numberOf('old-commands', 'Threshold'))}`],
  ['old-commands', `at most ${commands.RedrivePolicy.maxReceiveCount} deliveries`],
  [
    'old-commands',
    `some ${minutes(commands.RedrivePolicy.maxReceiveCount * commands.VisibilityTimeout)}, then`,
  ],
  [
    'dead-letters',
    `half an hour (${alerts.RedrivePolicy.maxReceiveCount} deliveries, ${notify.RedrivePolicy.maxReceiveCount} for \`notify\`, ${commands.RedrivePolicy.maxReceiveCount} for \`commands\`)`,
  ],
  ['dead-letters', `SQS after ${alerts.RedrivePolicy.maxReceiveCount} deliveries; SNS`],
  ['dead-letters', `SQS after ${commands.RedrivePolicy.maxReceiveCount} deliveries `],
  ['reports-set-aside', `${burst} at once and ${perSecond} a second`],
  [
    'function-errors',
    `${words[numberOf('function-errors', 'Threshold') + 1]} times or more within five minutes`,
  ],
  ['function-throttles', `for ${words[functions]} functions`],
  [
    'sweep-not-run',
    `has finished for ${minutes(numberOf('sweep-not-run', 'EvaluationPeriods') * numberOf('sweep-not-run', 'Period'))}`,
  ],
  ['sweep-not-run', `takes up ${mostResumedAMinute} cases ${minutes(retryMs / 1_000)}`],
  [
    'kill-switch',
    `in ${words[numberOf('kill-switch-unreadable', 'DatapointsToAlarm')]} of the last ${minutes(numberOf('kill-switch-unreadable', 'EvaluationPeriods') * 60)}`,
  ],
  ['containment-failed', `wait ${Number(template.Parameters.PolicyCacheSeconds?.Default) / 60} minutes`],
];

/** Texts of Lambda and Slack, which the tables of the runbooks name too. */
const foreign = ['Task timed out', '404 no_service', '410 channel_is_archived'];

/** The symptoms in the tables: texts of at least two words in the first column, except commands. */
function listTexts(): readonly string[] {
  const folder = join(root, 'docs', 'runbooks');
  return readdirSync(folder).flatMap((page) =>
    readFileSync(join(folder, page), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text))
      .filter((text) => text.includes(' ') && !/^(npx|aws) /.test(text)),
  );
}

const code = ['functions', 'shared']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, folder, file), 'utf8')),
  )
  .join('\n');

/** Whether the code contains the text. The code may fill in a channel's name and the parts that `...` stands for. */
function isInCode(text: string): boolean {
  const pattern = text
    .replace(/ \.\.\.$/, '')
    .split(/NAME|Slack/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(?:Slack|\\$\\{[^}]+\\})');
  return new RegExp(pattern).test(code);
}

describe('a runbook', () => {
  it.each(statements)('%s states what the template and the code have: %s', (page, text) => {
    const lines = readFileSync(join(root, 'docs', 'runbooks', `${page}.md`), 'utf8');

    expect(lines.replace(/\s+/g, ' ')).toContain(text.trimEnd());
  });

  it('names only texts that Cordon logs or shows, beside those of AWS and Slack', () => {
    expect(listTexts().filter((text) => !foreign.includes(text) && !isInCode(text))).toEqual([]);
  });

  it('mentions no limit that the call does not have', () => {
    const page = readFileSync(join(root, 'docs', 'runbooks', 'containment-failed.md'), 'utf8');

    // AddThingToThingGroup models no LimitExceeded (docs/facts.md#groups).
    expect(page).not.toMatch(/`LimitExceeded`[^\n]*group|group[^\n]*`LimitExceeded`/);
  });
});

describe('the page of the kill switch', () => {
  it('states how soon it takes effect', () => {
    const page = readFileSync(join(root, 'docs', 'kill-switch.md'), 'utf8');

    expect(page).toContain(`at most every ${words[killSwitchTrustMs / 1_000]} seconds`);
  });
});
