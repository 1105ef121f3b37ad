import type { StackChannel } from './channels';
import { arn, join, type Resources, ref, type Value } from './cloudformation';

/** A row of the dashboard is 24 units wide. */
const width = 8;
const height = 6;

type Metric = readonly unknown[];

interface Chart {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly stat?: string;
}

interface Watched {
  readonly functionNames: readonly string[];
  readonly channels: readonly StackChannel[];
  readonly alarmNames: readonly string[];
}

/** Activity, queues and failures on one page. The first three dashboards of an account are free. */
export function writeDashboard(prefix: string, { functionNames, channels, alarmNames }: Watched): Resources {
  const own = (functionName: string, metric: string, more = {}): Metric => [
    prefix,
    metric,
    'service',
    functionName,
    more,
  ];
  const times = (functionName: string, metric: string): Metric[] => [
    own(functionName, metric, { stat: 'p50', label: `${metric} p50` }),
    own(functionName, metric, { stat: 'p99', label: `${metric} p99` }),
  ];
  const ofQueue = (metric: string, queue: string): Metric => [
    'AWS/SQS',
    metric,
    'QueueName',
    `${prefix}-${queue}`,
  ];
  const ofFunctions = (metric: string): Metric[] =>
    functionNames.map((name) => ['AWS/Lambda', metric, 'FunctionName', `${prefix}-${name}`]);
  const queues = [
    ...['alerts', 'commands.fifo', 'reports', 'presence'],
    ...channels.map(({ functionName }) => functionName),
  ];
  const dead = ['rejected', ...queues.map((name) => name.replace(/(\.fifo)?$/, '-dead$1'))];

  const charts: readonly Chart[] = [
    { title: 'Decision to verified denial (ms)', metrics: times('respond', 'DecisionToVerifiedMs') },
    {
      title: 'Alert to verified denial, with the time of people (ms)',
      metrics: times('respond', 'AlertToVerifiedMs'),
    },
    { title: 'Alert to mitigation applied (ms)', metrics: times('respond', 'AlertToAppliedMs') },
    { title: 'Report to alert (ms)', metrics: times('detect', 'ReportToAlertMs') },
    {
      title: 'Heartbeat: from the sweep to the announcement, and to each channel (ms)',
      metrics: [
        ...times('respond', 'PipelineMs'),
        ...channels.map(({ functionName, descriptor: { title } }) =>
          own(functionName, 'HeartbeatMs', { stat: 'p50', label: `${title} p50` }),
        ),
      ],
    },
    {
      title: 'Cases',
      metrics: ['Contained', 'ContainmentFailed', 'ReleaseConflict', 'CaseClosed'].map((name) =>
        own('respond', name),
      ),
    },
    {
      title: 'Alerts',
      metrics: ['AlertTaken', 'AlertIgnored', 'AlertRejected'].map((name) => own('intake', name)),
    },
    {
      title: 'Sweep',
      metrics: [
        ...['SweepRun', 'CaseResumed', 'DriftFound', 'LostAlertFound'],
        ...['KillSwitchOn', 'KillSwitchUnreadable'],
      ].map((name) => own('sweep', name)),
    },
    {
      title: 'Oldest message (s)',
      metrics: queues.map((queue) => ofQueue('ApproximateAgeOfOldestMessage', queue)),
      stat: 'Maximum',
    },
    {
      title: 'Rejected messages and dead letters',
      metrics: dead.map((queue) => ofQueue('ApproximateNumberOfMessagesVisible', queue)),
      stat: 'Maximum',
    },
    {
      title: 'People',
      metrics: [
        own('operate', 'CommandSent'),
        own('sweep', 'EmailNotSubscribed'),
        own('detect', 'ReportRejected'),
        own('detect', 'AgentFellSilent'),
      ],
    },
    ...channels.map(({ functionName, descriptor: { title } }) => ({
      title: `Messages in ${title}`,
      metrics: ['MessageShown', 'MessageRefused', 'MessageLate'].map((name) => own(functionName, name)),
    })),
    { title: 'Errors of functions', metrics: ofFunctions('Errors') },
    { title: 'Throttles of functions', metrics: ofFunctions('Throttles') },
    { title: 'Duration of functions, p99 (ms)', metrics: ofFunctions('Duration'), stat: 'p99' },
  ];
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: prefix, DashboardBody: writeBody(charts, alarmNames) },
    },
  };
}

const regionMark = 'REGION';
const alarmMark = 'ALARM';

/** The body is JSON text, so values that only CloudFormation knows are joined in. */
function writeBody(charts: readonly Chart[], alarmNames: readonly string[]): Value {
  const alarms = {
    type: 'alarm',
    width: 24,
    height: 4,
    x: 0,
    y: 0,
    properties: { title: 'Alarms', alarms: alarmNames.map((name) => `<${alarmMark} ${name}>`) },
  };
  const widgets = charts.map(({ title, metrics, stat = 'Sum' }, index) => ({
    type: 'metric',
    width,
    height,
    x: (index % 3) * width,
    y: 4 + Math.floor(index / 3) * height,
    properties: { title, metrics, stat, period: 60, region: `<${regionMark}>` },
  }));
  const parts = JSON.stringify({ widgets: [alarms, ...widgets] }).split(/<(REGION|ALARM [\w.-]+)>/);
  return join(
    ...parts.map((part, index): Value => {
      if (index % 2 === 0) return part;
      if (part === regionMark) return ref('AWS::Region');
      return arn('cloudwatch', `alarm:${part.slice(alarmMark.length + 1)}`);
    }),
  );
}
