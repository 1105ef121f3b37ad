import type { Certificates, Jobs, Policies, Things } from '../../shared/ports/aws';

/** The ports on the IoT registry, and what a law must find there. All that is made is gone after the suites. */
export interface Registry {
  readonly things: Things;
  readonly policies: Policies;
  readonly certificates: Certificates;
  readonly jobs: Jobs;
  createThing(thingName: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  createGroup(groupName: string): Promise<void>;
  /** Creates a group whose policy denies every publish, and returns its name. */
  createDenyingGroup(): Promise<string>;
  createPolicy(policyName: string, document: string): Promise<void>;
  /** An active one. */
  createCertificate(): Promise<{ readonly id: string; readonly arn: string }>;
  attachCertificate(thingName: string, certificateArn: string): Promise<void>;
  /** Creates a policy that lets a device connect under its thing's name only, and publish to any topic; returns its name. */
  createDevicePolicy(): Promise<string>;
}

export function aDocument(topic: string): string {
  const Resource = `arn:aws:iot:us-east-1:000000000000:topic/${topic}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource }],
  });
}
