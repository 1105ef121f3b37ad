import { type Resources, ref, type Value } from './cloudformation';

interface AlarmSpec {
  readonly name: string;
  /** What the alarm means. */
  readonly what: string;
  /** The page in docs/runbooks that says what to do. */
  readonly runbook: string;
  /** Metric, statistic, period and threshold, in CloudFormation's properties. */
  readonly measure: Readonly<Record<string, Value>>;
}

/** An alarm that notifies people when it begins and when it ends. */
export function writeAlarm({ name, what, runbook, measure }: AlarmSpec): Resources[string] {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: `${what} What to do: docs/runbooks/${runbook}.md`,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      ...measure,
      AlarmActions: [ref('AlarmsTopic')],
      OKActions: [ref('AlarmsTopic')],
    },
  };
}

/** A metric that a function writes (shared/lambda.ts), under the name of the function. */
function ownMetric(prefix: string, functionName: string, MetricName: string) {
  return {
    Namespace: prefix,
    MetricName,
    Dimensions: [{ Name: 'service', Value: functionName }],
  };
}

const minute = 60;

/** The metric of this function was above 0 in a minute. */
interface OwnAlarm {
  readonly functionName: string;
  readonly metric: string;
  readonly what: string;
  /** The page; by default the one with the name of the alarm. */
  readonly runbook?: string;
  /** Replaces what every alarm on an event measures. */
  readonly measure?: Readonly<Record<string, Value>>;
}

const once = { Statistic: 'Sum', Period: minute, EvaluationPeriods: 1, Threshold: 0 };

/** Nothing came for five minutes. */
const missing = {
  EvaluationPeriods: 5,
  Threshold: 1,
  ComparisonOperator: 'LessThanThreshold',
  TreatMissingData: 'breaching',
};

/**
 * Alarms on Cordon's own metrics. Those on dead-letter queues stand beside their queues, those of the channels in
 * channels.ts.
 */
export function writeAlarms(prefix: string, functionNames: readonly string[]): Resources {
  const own = (name: string, { functionName, metric, what, runbook = name, measure }: OwnAlarm) =>
    writeAlarm({
      ...{ name: `${prefix}-${name}`, what, runbook },
      measure: { ...ownMetric(prefix, functionName, metric), ...once, ...measure },
    });
  return {
    SlowDenialAlarm: own('slow-denial', {
      functionName: 'respond',
      // AlertToVerifiedMs includes the time that people take to approve.
      metric: 'DecisionToVerifiedMs',
      what: 'From the decision to contain a thing to its verified denial, it took more than a minute.',
      // The sweep resumes incomplete work after a minute, so a longer time means that the first attempt failed.
      measure: { Statistic: 'Maximum', Threshold: 60_000 },
    }),
    ContainmentFailedAlarm: own('containment-failed', {
      functionName: 'respond',
      metric: 'ContainmentFailed',
      what: 'A thing could not be contained, or is no longer denied.',
    }),
    ReleaseConflictAlarm: own('release-conflict', {
      functionName: 'respond',
      metric: 'ReleaseConflict',
      what: 'A release stopped because somebody else changed an object that it would restore.',
    }),
    KillSwitchOnAlarm: own('kill-switch-on', {
      functionName: 'sweep',
      metric: 'KillSwitchOn',
      what: 'The kill switch is on: nothing is contained.',
      runbook: 'kill-switch',
    }),
    KillSwitchUnreadableAlarm: own('kill-switch-unreadable', {
      functionName: 'sweep',
      metric: 'KillSwitchUnreadable',
      what: 'The kill switch was unreadable in three of the last five minutes: Cordon asks people before it contains anything.',
      runbook: 'kill-switch',
      measure: { EvaluationPeriods: 5, DatapointsToAlarm: 3 },
    }),
    QuarantineBrokenAlarm: own('quarantine-broken', {
      functionName: 'sweep',
      metric: 'QuarantineBroken',
      what: 'The quarantine group or its policy was missing or changed: contained things could publish. The sweep repairs it.',
    }),
    EmailNotSubscribedAlarm: own('email-not-subscribed', {
      functionName: 'sweep',
      metric: 'EmailNotSubscribed',
      what: 'An address in cordon.yml receives no mail: its subscription was never confirmed, or was canceled.',
    }),
    SweepAlarm: own('sweep-not-run', {
      functionName: 'sweep',
      metric: 'SweepRun',
      what: 'The sweep has not finished a run for five minutes: incomplete work waits.',
      measure: missing,
    }),
    HeartbeatOutAlarm: own('heartbeat-out', {
      functionName: 'respond',
      metric: 'PipelineMs',
      what: 'No heartbeat has come through for five minutes: an alert may not be handled either.',
      measure: { ...missing, Statistic: 'SampleCount' },
    }),
    ReportsSetAsideAlarm: own('reports-set-aside', {
      functionName: 'detect',
      metric: 'ReportSetAside',
      what: 'A certificate sends more reports than its budget allows: the surplus is not evaluated.',
    }),
    AgentsSilentAlarm: own('agents-silent', {
      functionName: 'detect',
      metric: 'AgentFellSilent',
      what: 'More than ten agents fell silent within five minutes: suspect a network, a region or an update.',
      measure: { Period: 5 * minute, Threshold: 10 },
    }),
    OldCommandAlarm: writeOldMessageAlarm(prefix, 'commands', 'CommandsQueue'),
    OldAlertAlarm: writeOldMessageAlarm(prefix, 'alerts', 'AlertsQueue'),
    ...writeFunctionsAlarms(prefix, functionNames, {
      id: 'FunctionErrors',
      metric: 'Errors',
      what: 'Functions failed three times or more within five minutes.',
      runbook: 'function-errors',
      // Failed invocations are retried, so a few of them need nobody's attention.
      threshold: 2,
    }),
    ...writeFunctionsAlarms(prefix, functionNames, {
      id: 'FunctionThrottles',
      metric: 'Throttles',
      what: 'Lambda delays invocations: the account has no concurrency left.',
      runbook: 'function-throttles',
      threshold: 0,
    }),
  };
}

function writeOldMessageAlarm(prefix: string, queue: string, queueId: string): Resources[string] {
  return writeAlarm({
    name: `${prefix}-old-${queue}`,
    what: `A message has waited in the queue ${queue} for more than two minutes.`,
    runbook: `old-${queue}`,
    measure: {
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queueId, 'QueueName'] } }],
      Statistic: 'Maximum',
      Period: minute,
      EvaluationPeriods: 1,
      Threshold: 120,
    },
  });
}

interface FunctionsAlarm {
  readonly id: string;
  readonly metric: 'Errors' | 'Throttles';
  readonly what: string;
  readonly runbook: string;
  readonly threshold: number;
}

/** An alarm sums at most ten metrics (CloudWatch user guide, "Using math expressions with alarms"). */
const maxMetrics = 10;

/** One alarm on the sum over all functions, and one more for each further ten. */
function writeFunctionsAlarms(
  prefix: string,
  functionNames: readonly string[],
  { id, metric, what, runbook, threshold }: FunctionsAlarm,
): Resources {
  const count = Math.ceil(functionNames.length / maxMetrics);
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const number = index === 0 ? '' : String(index + 1);
      const each = functionNames
        .slice(index * maxMetrics, (index + 1) * maxMetrics)
        .map((name) => writeMetric(prefix, name, metric));
      const sum = { Id: 'all', Expression: 'SUM(METRICS())', Label: `${metric} of all functions` };
      const alarm = writeAlarm({
        name: `${prefix}-${runbook}${number && `-${number}`}`,
        what,
        runbook,
        measure: {
          Metrics: [...each, { ...sum, ReturnData: true }],
          EvaluationPeriods: 1,
          Threshold: threshold,
        },
      });
      return [`${id}${number}Alarm`, alarm];
    }),
  );
}

function writeMetric(prefix: string, functionName: string, MetricName: string) {
  return {
    // Letters, digits and underscores (CloudWatch API reference, MetricDataQuery).
    Id: functionName.replaceAll('-', '_'),
    ReturnData: false,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/Lambda',
        MetricName,
        Dimensions: [{ Name: 'FunctionName', Value: `${prefix}-${functionName}` }],
      },
      Stat: 'Sum',
      Period: 5 * minute,
    },
  };
}
