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

/**
 * Alarms on Cordon's own metrics. Those on dead-letter queues stand beside their queues, those of the channels in
 * channels.ts.
 */
export function writeAlarms(prefix: string, functionNames: readonly string[]): Resources {
  const own = (functionName: string, metric: string) => ownMetric(prefix, functionName, metric);
  const once = { Statistic: 'Sum', Period: minute, EvaluationPeriods: 1, Threshold: 0 };
  return {
    SlowDenialAlarm: writeAlarm({
      name: `${prefix}-slow-denial`,
      what: 'From the decision to contain a thing to its verified denial, it took more than a minute.',
      runbook: 'slow-denial',
      measure: {
        // AlertToVerifiedMs includes the time that people take to approve.
        ...own('respond', 'DecisionToVerifiedMs'),
        Statistic: 'Maximum',
        Period: minute,
        EvaluationPeriods: 1,
        // The sweep resumes incomplete work after a minute, so a longer time means that the first attempt failed.
        Threshold: 60_000,
      },
    }),
    ContainmentFailedAlarm: writeAlarm({
      name: `${prefix}-containment-failed`,
      what: 'A thing could not be contained, or is no longer denied.',
      runbook: 'containment-failed',
      measure: { ...own('respond', 'ContainmentFailed'), ...once },
    }),
    ReleaseConflictAlarm: writeAlarm({
      name: `${prefix}-release-conflict`,
      what: 'A release stopped because somebody else changed an object that it would restore.',
      runbook: 'release-conflict',
      measure: { ...own('respond', 'ReleaseConflict'), ...once },
    }),
    KillSwitchOnAlarm: writeAlarm({
      name: `${prefix}-kill-switch-on`,
      what: 'The kill switch is on: nothing is contained.',
      runbook: 'kill-switch',
      measure: { ...own('sweep', 'KillSwitchOn'), ...once },
    }),
    KillSwitchUnreadableAlarm: writeAlarm({
      name: `${prefix}-kill-switch-unreadable`,
      what: 'The kill switch was unreadable in three of the last five minutes: Cordon asks people before it contains anything.',
      runbook: 'kill-switch',
      measure: {
        ...own('sweep', 'KillSwitchUnreadable'),
        ...once,
        EvaluationPeriods: 5,
        DatapointsToAlarm: 3,
      },
    }),
    QuarantineBrokenAlarm: writeAlarm({
      name: `${prefix}-quarantine-broken`,
      what: 'The quarantine group or its policy was missing or changed: contained things could publish. The sweep repairs it.',
      runbook: 'quarantine-broken',
      measure: { ...own('sweep', 'QuarantineBroken'), ...once },
    }),
    EmailNotSubscribedAlarm: writeAlarm({
      name: `${prefix}-email-not-subscribed`,
      what: 'An address in cordon.yml receives no mail: its subscription was never confirmed, or was cancelled.',
      runbook: 'email-not-subscribed',
      measure: { ...own('sweep', 'EmailNotSubscribed'), ...once },
    }),
    SweepAlarm: writeAlarm({
      name: `${prefix}-sweep-not-run`,
      what: 'The sweep has not finished a run for five minutes: incomplete work waits.',
      runbook: 'sweep-not-run',
      measure: {
        ...own('sweep', 'SweepRun'),
        Statistic: 'Sum',
        Period: minute,
        EvaluationPeriods: 5,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      },
    }),
    HeartbeatOutAlarm: writeAlarm({
      name: `${prefix}-heartbeat-out`,
      what: 'No heartbeat has come through for five minutes: an alert may not be handled either.',
      runbook: 'heartbeat-out',
      measure: {
        ...own('respond', 'PipelineMs'),
        Statistic: 'SampleCount',
        Period: minute,
        EvaluationPeriods: 5,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      },
    }),
    ReportsSetAsideAlarm: writeAlarm({
      name: `${prefix}-reports-set-aside`,
      what: 'A certificate sends more reports than its budget allows: the surplus is not evaluated.',
      runbook: 'reports-set-aside',
      measure: { ...own('detect', 'ReportSetAside'), ...once },
    }),
    AgentsSilentAlarm: writeAlarm({
      name: `${prefix}-agents-silent`,
      what: 'More than ten agents fell silent within five minutes: suspect a network, a region or an update.',
      runbook: 'agents-silent',
      measure: { ...own('detect', 'AgentFellSilent'), ...once, Period: 5 * minute, Threshold: 10 },
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
