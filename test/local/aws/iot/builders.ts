import { readFileSync } from 'node:fs';
import { connectionContext } from '../../../../local/aws/iot/connection-context';
import { effectiveStatements } from '../../../../local/aws/iot/effective-policies';
import { evaluateIotPolicy } from '../../../../local/aws/iot/evaluate-iot-policy';
import {
  createIotRegistry,
  type IotRegistry,
  type IotRegistryOptions,
} from '../../../../local/aws/iot/registry';
import type { Certificate } from '../../../../local/aws/iot/state';
import type { PolicyStatement } from '../../../../local/types';

export const now = 1_700_000_000_000;
const identity = { partition: 'aws', accountId: '123456789012', region: 'eu-west-1' } as const;
export const prefix = 'arn:aws:iot:eu-west-1:123456789012:';

function readPem(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}.pem`, import.meta.url), 'utf8');
}

export const pemOne = readPem('device-one');
export const pemTwo = readPem('device-two');

export function aRegistry(options: Partial<IotRegistryOptions> = {}): IotRegistry {
  const ignore = () => undefined;
  return createIotRegistry(identity, {
    endpoint: (kind) => (kind === 'data' ? 'localhost:8883' : 'localhost:8443'),
    now: () => now,
    log: { info: ignore, warn: ignore },
    ...options,
  });
}

export function aDocument(...statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function allow(
  action: string,
  resource: string,
  more: Partial<PolicyStatement> = {},
): PolicyStatement {
  return { Effect: 'Allow', Action: action, Resource: resource, ...more };
}

export function deny(action: string, resource: string, more: Partial<PolicyStatement> = {}): PolicyStatement {
  return { Effect: 'Deny', Action: action, Resource: resource, ...more };
}

/** `mything1`, attached to the first certificate, which is active. */
export function aRegistryWithDevice(): { registry: IotRegistry; certificate: Certificate } {
  const registry = aRegistry();
  const certificate = registry.certificates.register(pemOne, 'ACTIVE');
  registry.thingTypes.create('gateway');
  registry.things.create('mything1', {
    thingTypeName: 'gateway',
    attributePayload: { attributes: { site: 'north' } },
  });
  registry.things.attachPrincipal('mything1', certificate.arn);
  return { registry, certificate };
}

/** A policy of these statements, attached to the certificate. */
export function attachPolicy(
  registry: IotRegistry,
  target: string,
  policyName: string,
  ...statements: readonly PolicyStatement[]
): void {
  registry.policies.create(policyName, aDocument(...statements));
  registry.policies.attach(policyName, target);
}

/** What the broker would decide for the device of `aRegistryWithDevice`. */
export function decide(
  registry: IotRegistry,
  action: string,
  resource: string,
  connection: { clientId?: string; sourceIp?: string } = {},
) {
  const certificateId = [...registry.state.certificates.keys()][0] ?? '';
  const identified = { certificateId, clientId: 'mything1', ...connection };
  return evaluateIotPolicy(effectiveStatements(registry, identified), {
    action,
    resource: `${prefix}${resource}`,
    context: connectionContext(registry, identified),
  }).decision;
}

/** The error of a request as a client sees it. */
export async function errorOf(sent: Promise<unknown>) {
  try {
    await sent;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata: { httpStatusCode: number } };
    return `${$metadata.httpStatusCode} ${name}`;
  }
  return 'no error';
}
