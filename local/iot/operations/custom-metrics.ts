import * as z from 'zod/mini';
import { findMetric } from '../defender';
import type { IotRegistry } from '../registry';
import type { CustomMetric } from '../state';
import { saveTags } from '../tags';
import { type IotCall, type IotRoute, paginate, readBody, readParam, Tags, toSeconds } from './route';

const CreateMetric = z.object({
  metricType: z.string(),
  displayName: z.exactOptional(z.string()),
  tags: z.exactOptional(Tags),
});
const UpdateMetric = z.object({ displayName: z.string() });

function describeMetric({ createdAt, modifiedAt, ...metric }: CustomMetric) {
  return { ...metric, creationDate: toSeconds(createdAt), lastModifiedDate: toSeconds(modifiedAt) };
}

function createMetric(registry: IotRegistry, metricName: string, call: IotCall) {
  const { metricType, displayName, tags } = readBody(CreateMetric, call);
  const metric = registry.defender.createMetric(metricName, metricType, displayName);
  saveTags(registry.state, metric.metricArn, tags);
  return { metricName, metricArn: metric.metricArn };
}

export function customMetricRoutes(registry: IotRegistry): readonly IotRoute[] {
  const route = (
    operation: string,
    method: IotRoute['method'],
    run: (metricName: string, call: IotCall) => unknown,
  ): IotRoute => ({
    operation,
    method,
    path: '/custom-metric/{metricName}',
    resources: (call) => [registry.state.arns.build('custommetric', readParam(call, 'metricName'))],
    run: (call) => run(readParam(call, 'metricName'), call),
  });
  return [
    route('CreateCustomMetric', 'POST', (name, call) => createMetric(registry, name, call)),
    route('DescribeCustomMetric', 'GET', (name) => describeMetric(findMetric(registry.state, name))),
    route('UpdateCustomMetric', 'PATCH', (name, call) =>
      describeMetric(registry.defender.updateMetric(name, readBody(UpdateMetric, call).displayName)),
    ),
    route('DeleteCustomMetric', 'DELETE', (name) => {
      registry.defender.deleteMetric(name);
      return {};
    }),
    {
      operation: 'ListCustomMetrics',
      method: 'GET',
      path: '/custom-metrics',
      run(call) {
        const page = paginate(call, 'token', [...registry.state.customMetrics.keys()], (name) => name);
        return { metricNames: page.items, ...page.next };
      },
    },
  ];
}
