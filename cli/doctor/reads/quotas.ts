import {
  paginateListAWSDefaultServiceQuotas,
  paginateListServiceQuotas,
  type ServiceQuota,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { Quota } from '../checks/quotas';

const ServiceCode = 'iotcore';

export function connectQuotas(settings: object) {
  const client = new ServiceQuotasClient(settings);

  return {
    /** Gives by code the applied value, or the default if AWS lists no applied one. */
    async readQuotas(): Promise<ReadonlyMap<string, Quota>> {
      const found = new Map<string, Quota>();
      for await (const { Quotas } of paginateListAWSDefaultServiceQuotas(
        { client, pageSize: 100 },
        { ServiceCode },
      ))
        for (const quota of Quotas ?? []) keep(found, quota);
      for await (const { Quotas } of paginateListServiceQuotas({ client, pageSize: 100 }, { ServiceCode }))
        for (const quota of Quotas ?? []) keep(found, quota);
      return found;
    },
  };
}

function keep(found: Map<string, Quota>, { QuotaCode, QuotaName, Value, Adjustable }: ServiceQuota): void {
  if (QuotaCode === undefined || Value === undefined) return;
  found.set(QuotaCode, { name: QuotaName ?? QuotaCode, value: Value, isAdjustable: Adjustable !== false });
}
