import * as z from 'zod/mini';
import { findMetric } from '../defender';
import type { CustomMetric } from '../defender-state';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readParam,
  routesAt,
  Tags,
  toSeconds,
} from './route';

const CreateMetric = z.object({
  metricType: z.string(),
  displayName: z.exactOptional(z.string()),
  tags: z.exactOptional(Tags),
});

function createMetric(registry: IotRegistry, metricName: string, call: IotCall) {
  const { metricType, displayName, tags } = readBody(CreateMetric, call);
  const metric = registry.defender.createMetric(metricName, metricType, displayName);
  saveTags(registry.state, metric.metricArn, tags);
  return { metricName, metricArn: metric.metricArn };
}

function describeMetric({ createdAt, modifiedAt, ...metric }: CustomMetric) {
  return { ...metric, creationDate: toSeconds(createdAt), lastModifiedDate: toSeconds(modifiedAt) };
}

function listMetrics({ state }: IotRegistry, call: IotCall) {
  const page = paginate(call, 'token', [...state.customMetrics.keys()], (name) => name);
  return { metricNames: page.items, ...page.next };
}

export function customMetricRoutes(registry: IotRegistry): readonly IotRoute[] {
  const readName = (call: IotCall) => readParam(call, 'metricName');
  const route = routesAt('/custom-metric/{metricName}', (call) => [
    registry.state.arns.build('custommetric', readName(call)),
  ]);
  return [
    route('CreateCustomMetric', 'POST', (call) => createMetric(registry, readName(call), call)),
    route('DescribeCustomMetric', 'GET', (call) =>
      describeMetric(findMetric(registry.state, readName(call))),
    ),
    routesAt('/custom-metrics')('ListCustomMetrics', 'GET', (call) => listMetrics(registry, call)),
  ];
}
