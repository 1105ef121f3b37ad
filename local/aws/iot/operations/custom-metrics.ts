import * as z from 'zod/mini';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import { type IotCall, type IotRoute, readBody, readParam, routesAt, Tags } from './route';

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

export function customMetricRoutes(registry: IotRegistry): readonly IotRoute[] {
  const readName = (call: IotCall) => readParam(call, 'metricName');
  const route = routesAt('/custom-metric/{metricName}', (call) => [
    registry.state.arns.build('custommetric', readName(call)),
  ]);
  return [route('CreateCustomMetric', 'POST', (call) => createMetric(registry, readName(call), call))];
}
