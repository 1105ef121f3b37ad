import { type ActiveViolation, IoTClient, ListActiveViolationsCommand } from '@aws-sdk/client-iot';
import { connectDefender } from '../../../shared/aws/defender';
import type { Violation } from '../../../shared/domain/findings/violation';
import { now } from '../../builders';
import { mockClient } from '../../mock-client';

const iot = mockClient(IoTClient);
const defender = connectDefender('cordon-dev-quarantine', new IoTClient({ region: 'us-east-1' }));

beforeEach(() => iot.reset());

const active: ActiveViolation = {
  violationId: 'v1',
  thingName: 'mything1',
  securityProfileName: 'ports',
  behavior: { name: 'few-ports', metric: 'aws:listening-tcp-ports' },
  violationStartTime: new Date(now),
};

async function listActive(...activeViolations: readonly Partial<ActiveViolation>[]): Promise<Violation[]> {
  iot.on(ListActiveViolationsCommand).resolves({
    activeViolations: activeViolations.map((over) => ({ ...active, ...over })),
  });
  const all: Violation[] = [];
  for await (const one of defender.listActive()) all.push(one);
  return all;
}

describe('the violations that Device Defender has in alarm', () => {
  it('carry as much of their value as an alert does, so each fits a command', async () => {
    const ports = Array.from({ length: 65_535 }, (_, index) => index + 1);

    const [found] = await listActive({ lastViolationValue: { ports } });

    expect(found).toMatchObject({ violationId: 'v1', metric: 'aws:listening-tcp-ports', occurredAt: now });
    expect(found?.value?.ports).toHaveLength(20);
  });

  it('have the confidence that a playbook asks for', async () => {
    const mlDetectionConfig = { confidenceLevel: 'LOW' } as const;
    const found = await listActive(
      { violationEventAdditionalInfo: { confidenceLevel: 'HIGH' } },
      { behavior: { name: 'ml', criteria: { mlDetectionConfig } } },
    );

    expect(found.map(({ confidence }) => confidence)).toEqual(['HIGH', 'LOW']);
  });

  it('leave out violations without an alert, and those that a person has labeled as no threat', async () => {
    const found = await listActive(
      { violationId: 'suppressed', behavior: { name: 'quiet', suppressAlerts: true } },
      { violationId: 'false', verificationState: 'FALSE_POSITIVE' },
      { violationId: 'benign', verificationState: 'BENIGN_POSITIVE' },
      { violationId: 'true', verificationState: 'TRUE_POSITIVE' },
      { violationId: 'unknown', verificationState: 'UNKNOWN' },
    );

    expect(found.map(({ violationId }) => violationId)).toEqual(['true', 'unknown']);
  });

  it.each<Partial<ActiveViolation>>([
    { violationId: undefined },
    { thingName: 'any client id / of AWS' },
    { securityProfileName: 'a b' },
    { behavior: { name: undefined } },
    { violationStartTime: undefined },
  ])('leave out one that has not what each alert has: %p', async (over) => {
    expect(await listActive(over)).toEqual([]);
  });
});
