import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ofType, propertiesOf, root, template } from './template';

const alarms = ofType('AWS::CloudWatch::Alarm');

/** The body of the dashboard, with the names of what CloudFormation joins in. */
function readDashboard(): {
  widgets: { type: string; properties: { metrics?: unknown[][]; alarms?: string[] } }[];
} {
  return JSON.parse(toText(propertiesOf('Dashboard').DashboardBody));
}

/** A joined text, with the names of what CloudFormation fills in. */
function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': joined, Ref } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  return joined ? joined[1].map(toText).join('') : String(Ref);
}

/** `[namespace, metric, dimension, value]` of every metric that an alarm or the dashboard looks at. */
function listMetrics(): string[][] {
  const ofAlarms = alarms.flatMap(([, { Properties }]) => {
    const several = (Properties.Metrics ?? []) as { MetricStat?: { Metric: Record<string, unknown> } }[];
    const all = [Properties, ...several.map((one) => one.MetricStat?.Metric ?? {})];
    return all.flatMap(({ Namespace, MetricName, Dimensions }) => {
      const [dimension] = (Dimensions ?? []) as { Name: string; Value: unknown }[];
      return MetricName ? [[Namespace, MetricName, dimension?.Name, dimension?.Value].map(String)] : [];
    });
  });
  const shown = readDashboard().widgets.flatMap(({ properties }) => properties.metrics ?? []);
  return [...ofAlarms, ...shown.map((metric) => metric.slice(0, 4).map(String))];
}

describe('the alarms of the stack', () => {
  it('go off for each fault that has a runbook', () => {
    const names = alarms.map(([, { Properties }]) => Properties.AlarmName);

    expect(names.toSorted()).toEqual(
      [
        'slow-denial',
        'containment-failed',
        'release-conflict',
        'sweep-not-run',
        'heartbeat-out',
        'slack-refused',
        'slack-late',
        'email-not-subscribed',
        'old-commands',
        'old-alerts',
        'reports-set-aside',
        'agents-silent',
        'quarantine-broken',
        'kill-switch-on',
        'kill-switch-unreadable',
        'function-errors',
        'function-throttles',
        'rejected',
        'alerts-dead',
        'reports-dead',
        'presence-dead',
        'notify-dead',
        'commands-dead.fifo',
      ]
        .map((name) => `cordon-dev-${name}`)
        .toSorted(),
    );
  });

  it.each(alarms)(
    '%s notifies people when it begins and when it ends, and names a runbook that says what it means, what to check and how to fix it',
    (_id, alarm) => {
      const { AlarmDescription, AlarmActions, OKActions } = alarm.Properties;
      const [, page = ''] = /(docs\/runbooks\/[a-z-]+\.md)$/.exec(String(AlarmDescription)) ?? [];

      expect([AlarmActions, OKActions]).toEqual([[{ Ref: 'AlarmsTopic' }], [{ Ref: 'AlarmsTopic' }]]);
      const text = readFileSync(join(root, page), 'utf8');
      for (const part of [/^\*\*Meaning:\*\* /m, /^\*\*Check:\*\* ?/m, /^\*\*Fix(, at once)?:\*\* ?/m])
        expect(text).toMatch(part);
    },
  );

  it('have all the runbooks there are', () => {
    const named = alarms.map(([, { Properties }]) => String(Properties.AlarmDescription).split('/').at(-1));

    // cordon.yml of the repository names no channel but Slack, which has a page of its own.
    expect(readdirSync(join(root, 'docs', 'runbooks')).toSorted()).toEqual(
      [...new Set(named), 'channels.md'].toSorted(),
    );
  });

  it('treat missing data as a fault for the sweep and the heartbeat, and as good elsewhere', () => {
    const silent = alarms.filter(([, { Properties }]) => Properties.TreatMissingData !== 'notBreaching');

    expect(silent.map(([id, { Properties }]) => [id, Properties.TreatMissingData])).toEqual([
      ['SweepAlarm', 'breaching'],
      ['HeartbeatOutAlarm', 'breaching'],
    ]);
  });
});

describe('what alarms and dashboard look at', () => {
  const functionNames = ofType('AWS::Lambda::Function').map(([, { Properties }]) =>
    String(Properties.FunctionName),
  );
  const queueNames = ofType('AWS::SQS::Queue').map(([, { Properties }]) => String(Properties.QueueName));

  it('is a function or queue of the stack, or a metric that the function itself writes', () => {
    const wrong = listMetrics().filter(([namespace, metric, dimension, value = '']) => {
      switch (namespace) {
        case 'AWS/Lambda':
          return dimension !== 'FunctionName' || !functionNames.includes(value);
        case 'AWS/SQS':
          // An alarm refers to its queue, which CloudFormation itself checks.
          return dimension !== 'QueueName' || !(value === '[object Object]' || queueNames.includes(value));
        case 'cordon-dev':
          return dimension !== 'service' || !writesMetric(value, metric);
        default:
          return true;
      }
    });

    expect(wrong).toEqual([]);
    expect(listMetrics().length).toBeGreaterThan(50);
  });

  function writesMetric(functionName: string, metric = ''): boolean {
    const folder = join(root, 'functions', functionName);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(
      (name) => name.endsWith('.ts') && readFileSync(join(folder, name), 'utf8').includes(`'${metric}'`),
    );
  }

  it('is in the namespace of this stack alone', () => {
    for (const [, { Properties }] of ofType('AWS::Lambda::Function'))
      expect(Properties).toMatchObject({ Environment: { Variables: { METRICS_NAMESPACE: 'cordon-dev' } } });
  });

  it('is every function, and every alarm', () => {
    const lambda = listMetrics().filter(([namespace]) => namespace === 'AWS/Lambda');
    const [status] = readDashboard().widgets.filter(({ type }) => type === 'alarm');

    expect([...new Set(lambda.map(([, , , name]) => name))].toSorted()).toEqual(functionNames.toSorted());
    expect(status?.properties.alarms?.map((arn) => arn.split(':alarm:')[1]).toSorted()).toEqual(
      alarms.map(([, { Properties }]) => Properties.AlarmName).toSorted(),
    );
    expect(Object.keys(template.Resources)).toContain('Dashboard');
  });
});
