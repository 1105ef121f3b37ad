import { type Resources, ref, type Value } from './cloudformation';

interface AlarmSpec {
  readonly name: string;
  /** What is so when it goes off. */
  readonly what: string;
  /** Page of docs/runbooks: what to do then. */
  readonly runbook: string;
  /** Metric, statistic, period, threshold: as CloudFormation names them. */
  readonly measure: Readonly<Record<string, Value>>;
}

/** An alarm that tells people, where it begins and where it ends. */
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

/** Alarms on what Cordon does; those on dead letters stand beside their queues. */
export function writeAlarms(prefix: string, functionNames: readonly string[]): Resources {
  const own = (functionName: string, metric: string) => ownMetric(prefix, functionName, metric);
  const once = { Statistic: 'Sum', Period: minute, EvaluationPeriods: 1, Threshold: 0 };
  return {
    SlowDenialAlarm: writeAlarm({
      name: `${prefix}-slow-denial`,
      what: 'A thing was denied and verified only more than a minute after it was to be contained.',
      runbook: 'slow-denial',
      measure: {
        // What people took to approve is AlertToVerifiedMs' business.
        ...own('respond', 'DecisionToVerifiedMs'),
        Statistic: 'Maximum',
        Period: minute,
        EvaluationPeriods: 1,
        // A minute is when the sweep takes up what was left half done: over it, a first attempt failed.
        Threshold: 60_000,
      },
    }),
    ContainmentFailedAlarm: writeAlarm({
      name: `${prefix}-containment-failed`,
      what: 'A thing could not be contained, or is not denied any more.',
      runbook: 'containment-failed',
      measure: { ...own('respond', 'ContainmentFailed'), ...once },
    }),
    ReleaseConflictAlarm: writeAlarm({
      name: `${prefix}-release-conflict`,
      what: 'A release stopped, as somebody else changed what it would restore.',
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
      what: 'The kill switch could not be read in three minutes of five: people are asked before anything is contained.',
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
      what: 'The quarantine group, its policy or that policy’s text was missing: held things could publish. The sweep puts it back.',
      runbook: 'quarantine-broken',
      measure: { ...own('sweep', 'QuarantineBroken'), ...once },
    }),
    SlackRefusedAlarm: writeAlarm({
      name: `${prefix}-slack-refused`,
      what: 'Slack refused a message, or a message, thread or channel that Cordon wrote to is gone.',
      runbook: 'slack',
      measure: { ...own('notify', 'SlackRefused'), ...once },
    }),
    SlackLateAlarm: writeAlarm({
      name: `${prefix}-slack-late`,
      what: 'The newest state of a case has waited for more than five minutes to be shown in Slack.',
      runbook: 'slack',
      // Tried again every five minutes at the least.
      measure: { ...own('notify', 'SlackLate'), ...once, Period: 5 * minute },
    }),
    EmailNotSubscribedAlarm: writeAlarm({
      name: `${prefix}-email-not-subscribed`,
      what: 'An address of cordon.yml is mailed nothing: it was never confirmed, or unsubscribed.',
      runbook: 'email-not-subscribed',
      measure: { ...own('sweep', 'EmailNotSubscribed'), ...once },
    }),
    SweepAlarm: writeAlarm({
      name: `${prefix}-sweep-not-run`,
      what: 'The sweep has not run for five minutes: nothing left half done is taken up.',
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
    ReportsSetAsideAlarm: writeAlarm({
      name: `${prefix}-reports-set-aside`,
      what: 'A certificate sends more reports than are judged of one: those too many are set aside.',
      runbook: 'reports-set-aside',
      measure: { ...own('detect', 'ReportSetAside'), ...once },
    }),
    AgentsSilentAlarm: writeAlarm({
      name: `${prefix}-agents-silent`,
      what: 'More than ten agents fell silent within five minutes: a network, a region or an update is at fault.',
      runbook: 'agents-silent',
      measure: { ...own('detect', 'AgentFellSilent'), ...once, Period: 5 * minute, Threshold: 10 },
    }),
    OldCommandAlarm: writeOldMessageAlarm(prefix, 'commands', 'CommandsQueue'),
    OldAlertAlarm: writeOldMessageAlarm(prefix, 'alerts', 'AlertsQueue'),
    FunctionErrorsAlarm: writeFunctionsAlarm(prefix, functionNames, {
      metric: 'Errors',
      what: 'Functions failed three times or more within five minutes.',
      runbook: 'function-errors',
      // A function is tried again by itself; once in a while that is no news.
      threshold: 2,
    }),
    FunctionThrottlesAlarm: writeFunctionsAlarm(prefix, functionNames, {
      metric: 'Throttles',
      what: 'Lambda put off invocations: the concurrency of the account is used up.',
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
  readonly metric: 'Errors' | 'Throttles';
  readonly what: string;
  readonly runbook: string;
  readonly threshold: number;
}

/** One alarm on the sum over all functions. */
function writeFunctionsAlarm(
  prefix: string,
  functionNames: readonly string[],
  { metric, what, runbook, threshold }: FunctionsAlarm,
): Resources[string] {
  const each = functionNames.map((name) => ({
    Id: name,
    ReturnData: false,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/Lambda',
        MetricName: metric,
        Dimensions: [{ Name: 'FunctionName', Value: `${prefix}-${name}` }],
      },
      Stat: 'Sum',
      Period: 5 * minute,
    },
  }));
  const sum = { Id: 'all', Expression: 'SUM(METRICS())', Label: `${metric} of all functions` };
  return writeAlarm({
    name: `${prefix}-${runbook}`,
    what,
    runbook,
    measure: { Metrics: [...each, { ...sum, ReturnData: true }], EvaluationPeriods: 1, Threshold: threshold },
  });
}
