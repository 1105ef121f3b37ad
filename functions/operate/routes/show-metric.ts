import * as z from 'zod/mini';
import type { Case } from '../../../shared/domain/case/case';
import type { Configuration } from '../../../shared/domain/configuration';
import type { Account, ThingKey } from '../../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readName,
  readQuery,
  readThing,
} from '../../../shared/http';
import type { Clock } from '../../../shared/ports/runtime';
import type { CaseStore } from '../../../shared/ports/storage';
import type { ClosedCases } from '../../../shared/storage/closed-cases';
import type { DatapointPage, DatapointQuery, NewestDatapoint } from '../../../shared/storage/datapoints';
import { fitAnswer } from '../fit-answer';
import { count, epochMs } from '../query';

export interface MetricPorts {
  readonly readDatapoints: (query: DatapointQuery) => Promise<DatapointPage>;
  readonly listMetrics: (thingName: ThingKey) => Promise<readonly NewestDatapoint[]>;
  readonly cases: Pick<CaseStore, 'load'>;
  readonly history: { listClosed(thingName: ThingKey, limit: number): Promise<Pick<ClosedCases, 'cases'>> };
  readonly securityProfiles: Configuration['securityProfiles'];
  readonly clock: Clock;
  readonly own: Account;
}

const maxLimit = 1_000;
const dayMs = 86_400_000;
/** Earlier cases that a chart marks. */
const maxMarked = 20;

export const metricQuery = z.strictObject({ from: epochMs, to: epochMs, limit: count(1, maxLimit) });

/** The metrics of a thing that values are kept of, each with its newest value. */
export async function listThingMetrics(
  request: HttpRequest,
  { listMetrics, own }: MetricPorts,
): Promise<HttpAnswer> {
  const thingName = readThing(request, own);
  return jsonResponse({ thingName, metrics: await listMetrics(thingName) });
}

/**
 * Values of a thing's metric, oldest first, of the last day or the requested time, with what a chart shows beside them:
 * the behaviors that bound the metric, and when the thing was in alarm, contained and released.
 */
export async function showMetric(request: HttpRequest, ports: MetricPorts): Promise<HttpAnswer> {
  const thingName = readThing(request, ports.own);
  const metric = readName(request, 'metric');
  const asked = readQuery(request, metricQuery);
  const { to = ports.clock(), limit: most = 500 } = asked;
  const { from = to - dayMs } = asked;
  if (from > to) throw new HttpProblem(400, 'expected a time before `to`', 'from');
  const [newest, earlier] = await Promise.all([
    ports.cases.load(thingName),
    ports.history.listClosed(thingName, maxMarked),
  ]);
  const cases = [...(newest ? [newest.value] : []), ...earlier.cases];
  const unique = [...new Map(cases.map((record) => [record.caseId, record])).values()];
  const beside = {
    behaviors: listBehaviors(metric, ports.securityProfiles),
    marks: unique
      .flatMap((record) => markCase(record, metric))
      .filter(({ at }) => at >= from && at <= to)
      .toSorted((a, b) => a.at - b.at),
  };
  return fitAnswer(most, async (limit) => {
    const page = await ports.readDatapoints({ thingName, metric, from, to, limit });
    const shown = { ...page, ...beside };
    return { ...jsonResponse({ thingName, metric, from, to, ...shown }), sameAs: JSON.stringify(shown) };
  });
}

function listBehaviors(metric: string, profiles: Configuration['securityProfiles']) {
  return Object.entries(profiles).flatMap(([securityProfile, { behaviors }]) =>
    behaviors
      .filter((behavior) => behavior.metric === metric)
      .map(({ name, criteria }) => ({ securityProfile, behavior: name, ...(criteria && { criteria }) })),
  );
}

/** A case is marked in the charts of the metrics that it is about. */
function markCase(record: Case, metric: string) {
  const { caseId, containedAt, ledger } = record;
  const alarms = Object.entries(record.violations).flatMap(([behavior, violation]) =>
    violation.caseId === caseId && violation.metric === metric
      ? [{ at: violation.alarmAt, kind: 'alarm', caseId, behavior }]
      : [],
  );
  if (alarms.length === 0) return [];
  const undone = ledger.flatMap(({ revertedAt }) => revertedAt ?? []);
  const mark = (at: number | undefined, kind: string) => (at === undefined ? [] : [{ at, kind, caseId }]);
  return [
    ...alarms,
    ...mark(containedAt, 'contained'),
    ...(record.status === 'closed' && undone.length > 0 ? mark(Math.max(...undone), 'released') : []),
    ...(record.status === 'closed' ? mark(record.closedAt, 'closed') : []),
  ];
}
