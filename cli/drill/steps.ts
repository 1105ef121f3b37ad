/** What a drill tries, in the order in which it happens, with what a failure means and the page that helps. */
const steps = {
  connected: {
    title: 'the device connects, and its messages are accepted',
    meaning:
      'The broker refuses the drill device before the violation: its policy, certificate or endpoint is wrong.',
    page: 'docs/enrolling.md',
  },
  'report-accepted': {
    title: 'reports are accepted',
    meaning: 'No answer to a report: the reports rule, its queue or the detect function does not work.',
    page: 'docs/operating.md',
  },
  case: {
    title: 'the violation opens a case',
    meaning:
      'There was no alert, or no alert became a case: look at the alerts queue, the intake function and their dead letters.',
    page: 'docs/runbooks/dead-letters.md',
  },
  contained: {
    title: 'the thing is contained, and the denial verified',
    meaning: 'The actions were not applied, or not verified: cordon show names the action and what AWS said.',
    page: 'docs/runbooks/containment-failed.md',
  },
  'session-ended': {
    title: 'the broker ends the open session',
    meaning:
      'The earlier session stays open and can continue to send: the disconnect action is missing or refused.',
    page: 'docs/how-it-decides.md',
  },
  'reconnect-refused': {
    title: 'a new connect is refused',
    meaning: 'The certificate still connects although its deactivation was verified.',
    page: 'docs/runbooks/containment-failed.md',
  },
  'mqtt-refused': {
    title: 'an application message is refused by MQTT',
    meaning: 'The device can still send its messages: the denial does not bind under this client id.',
    page: 'docs/threat-model.md',
  },
  'https-refused': {
    title: 'an application message is refused by HTTPS',
    meaning: 'The certificate evades the thing group over HTTPS: no policy denies the certificate itself.',
    page: 'docs/threat-model.md',
  },
  'role-refused': {
    title: 'AWS credentials are refused',
    meaning: 'The certificate can still assume a role by a role alias: the deny policy does not cover it.',
    page: 'docs/threat-model.md',
  },
  'retained-unreadable': {
    title: 'a retained message is unreadable',
    meaning: 'The certificate can still read retained messages: the deny policy does not cover it.',
    page: 'docs/threat-model.md',
  },
  'kept-topics-open': {
    title: 'the kept topics stay open',
    meaning:
      'A contained device can no longer report: quarantine.keepTopics of cordon.yml and the deny policy differ.',
    page: 'docs/configuration.md',
  },
  'nothing-through': {
    title: 'no application message gets through',
    meaning:
      'Messages were accepted after the containment counted as verified: the denial has not spread, or does not bind.',
    page: 'docs/threat-model.md',
  },
  'people-told': {
    title: 'people are notified',
    meaning:
      'The announcement or its message is missing: look at the function of the channel and its dead letters.',
    page: 'docs/channels.md',
  },
  released: {
    title: 'the release is carried out',
    meaning: 'The thing is still held: cordon show names what could not be undone.',
    page: 'docs/runbooks/release-conflict.md',
  },
  'as-before': {
    title: 'everything is as before',
    meaning:
      'After the release, the thing, its certificate, its groups or its policies differ from what they were.',
    page: 'docs/runbooks/release-conflict.md',
  },
  'works-again': {
    title: 'the device works again',
    meaning:
      'The broker still refuses the device: AWS IoT may use cached policies for up to 8 minutes. If it lasts longer, something still denies the device.',
    page: 'docs/how-it-decides.md',
  },
  retired: {
    title: 'the drill device is gone',
    meaning: 'Something of the drill is left in the account: the next drill tries again to delete it.',
    page: 'docs/enrolling.md',
  },
} as const;

export type StepName = keyof typeof steps;

export interface StepResult {
  readonly step: StepName;
  /** `open`: it could not be tried, and `detail` says why. */
  readonly status: 'held' | 'failed' | 'open';
  /** The time since the report of the violation was sent, ms by this machine's clock. */
  readonly afterMs?: number;
  readonly detail: string;
}

export interface DrillResult {
  readonly held: boolean;
  readonly thingName: string;
  readonly behavior: string;
  readonly caseId?: string;
  readonly steps: readonly StepResult[];
  /** By Cordon's own clocks, ms. */
  readonly alertToAppliedMs?: number;
  readonly alertToVerifiedMs?: number;
  /** Application messages taken after the violation was reported, before the containment and after it. */
  readonly throughBefore: number;
  readonly throughAfter: number;
}

export function titleOf(step: StepName): string {
  return steps[step].title;
}

const marks = { held: 'ok', failed: 'FAILED', open: '-' } as const;

/** The table, and for each failure what it means and where to read on. */
export function writeDrill(result: DrillResult): string {
  const rows = result.steps.map(({ step, status, afterMs, detail }) =>
    [
      marks[status].padEnd(7),
      afterMs === undefined ? ''.padStart(10) : `${afterMs} ms`.padStart(10),
      ` ${steps[step].title}${detail ? `: ${detail}` : ''}`,
    ].join(''),
  );
  const failed = result.steps.filter(({ status }) => status === 'failed');
  const { alertToAppliedMs, alertToVerifiedMs } = result;
  return [
    `DRILL ${result.thingName}, ${result.behavior}${result.caseId ? `, case ${result.caseId}` : ''}`,
    '',
    ...rows,
    '',
    ...(alertToVerifiedMs === undefined
      ? []
      : [
          `alert to applied ${alertToAppliedMs ?? '?'} ms, alert to verified ${alertToVerifiedMs} ms (Cordon's clock)`,
        ]),
    ...failed.flatMap(({ step }) => [
      '',
      `${steps[step].title}:`,
      `  ${steps[step].meaning}`,
      `  Read ${steps[step].page}`,
    ]),
    conclude(result.held, failed.length, result.steps.length),
  ].join('\n');
}

function conclude(held: boolean, failed: number, steps: number): string {
  if (held) return 'All held.';
  return failed === 0
    ? `The drill ended early, after ${steps} ${steps === 1 ? 'step' : 'steps'}: none failed, and the others were not tried.`
    : `${failed} of ${steps} ${steps === 1 ? 'step' : 'steps'} did not hold.`;
}
