import { isDeepStrictEqual } from 'node:util';
import {
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connectConnections } from '../../shared/aws/connections';
import { connectCertificates, connectPolicies } from '../../shared/aws/policies';
import { connectThings } from '../../shared/aws/things';
import { orNothing } from '../../shared/errors';
import { CliError, RefusedError } from '../cli-error';
import { connectRemovals, isInvalid } from './removals';
import { type Patience, patienceOfAnOperator } from './retry-deletion';

/** `arn:aws:iot:REGION:ACCOUNT`, from the ARN of anything of AWS IoT. */
export function prefixOf(arn: string | undefined): string {
  const prefix = /^(arn:[\w-]+:iot:[\w-]+:\d{12}):/.exec(arn ?? '')?.[1];
  if (!prefix) throw new CliError(`AWS IoT returned no ARN, but ${JSON.stringify(arn)}`);
  return prefix;
}

interface DevicePolicy {
  readonly policyArn: string | undefined;
  readonly policyDocument: string | undefined;
}

export function isSamePolicy({ policyDocument: there }: DevicePolicy, policyDocument: string): boolean {
  return isDeepStrictEqual(JSON.parse(there ?? 'null'), JSON.parse(policyDocument));
}

/** Refuses a policy of this name with another document. */
export function requireSamePolicy(policyName: string, there: DevicePolicy, policyDocument: string): void {
  if (isSamePolicy(there, policyDocument)) return;
  throw new RefusedError(
    `the policy ${policyName} exists with another document: give the topics and the cordon.yml that it was created with, or another --policy-name`,
  );
}

/** `others`: the things that have the certificate. */
export function refuseShared(thingName: string, others: readonly string[], cause?: unknown): RefusedError {
  return new RefusedError(
    `the certificate is already attached to ${others.join(', ')}: give another --out to create one for ${thingName}`,
    cause,
  );
}

type Attachment = { readonly isExclusive: true } | { readonly isExclusive: false; readonly reason: string };

/** What enrolling and retiring ask of AWS IoT, each call with the operator's own rights. */
export function connectRegistry(
  iot: IoTClient,
  dataPlane: IoTDataPlaneClient,
  patience: Patience = patienceOfAnOperator,
) {
  // The prefix is for authorization tests, which nothing here makes.
  const things = connectThings('', iot);
  const policies = connectPolicies(iot);
  const { setStatus } = connectCertificates(iot);
  const readPolicy = async (policyName: string): Promise<DevicePolicy> => {
    const { policyArn, policyDocument } = await iot.send(new GetPolicyCommand({ policyName }));
    return { policyArn, policyDocument };
  };

  return {
    async readEndpoint(): Promise<string> {
      const command = new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' });
      const { endpointAddress } = await iot.send(command);
      if (!endpointAddress) throw new CliError('AWS IoT returned no endpoint for devices: try again');
      return endpointAddress;
    },

    ...connectRemovals(iot, things, policies, patience),
    setStatus,
    attachPolicy: policies.attach,
    detachPolicy: policies.detach,
    listPrincipals: things.listPrincipals,
    listPolicies: things.listPolicies,
    listThingsOfPrincipal: things.listThingsOfPrincipal,

    async findThing(thingName: string): Promise<string | undefined> {
      return orNothing(async () => {
        return (await iot.send(new DescribeThingCommand({ thingName }))).thingArn;
      });
    },

    async createThing(
      thingName: string,
      attributes?: Readonly<Record<string, string>>,
    ): Promise<string | undefined> {
      const attributePayload = attributes && { attributes: { ...attributes } };
      return (await iot.send(new CreateThingCommand({ thingName, attributePayload }))).thingArn;
    },

    async findCertificate(certificateId: string) {
      return orNothing(async () => {
        const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
        const { certificateArn = '', status = '' } = certificateDescription ?? {};
        return { certificateArn, status };
      });
    },

    /** Inactive, so that a certificate whose enrolment was cut short is of no use to anybody. */
    async createCertificate(certificateSigningRequest: string): Promise<string> {
      const { certificatePem } = await iot.send(
        new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: false }),
      );
      if (!certificatePem) throw new CliError('AWS IoT returned no certificate: try again');
      return certificatePem;
    },

    async findPolicy(policyName: string): Promise<DevicePolicy | undefined> {
      return orNothing(() => readPolicy(policyName));
    },

    /** Makes a policy, or proves that the one of its name says the same. */
    async ensurePolicy(policyName: string, policyDocument: string): Promise<void> {
      let there = await orNothing(() => readPolicy(policyName));
      if (!there) {
        try {
          await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
          return;
        } catch (failure) {
          // Another enrolment made it in between.
          if (!(failure instanceof Error && failure.name === 'ResourceAlreadyExistsException')) throw failure;
          there = await readPolicy(policyName);
        }
      }
      requireSamePolicy(policyName, there, policyDocument);
    },

    /** Attaches exclusively, so that no other thing can share the certificate; if AWS IoT refuses that, in the old way. */
    async attachThing(thingName: string, principal: string): Promise<Attachment> {
      try {
        await iot.send(
          new AttachThingPrincipalCommand({ thingName, principal, thingPrincipalType: 'EXCLUSIVE_THING' }),
        );
        return { isExclusive: true };
      } catch (error) {
        if (!isInvalid(error)) throw error;
        const users = await things.listThingsOfPrincipal(principal);
        const others = users.filter((name) => name !== thingName);
        if (others.length > 0) throw refuseShared(thingName, others, error);
        try {
          await iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
        } catch (failure) {
          // A run that was cut short had attached it exclusively, and AWS IoT takes neither a second time.
          if (users.includes(thingName) && isInvalid(failure)) return { isExclusive: true };
          throw failure;
        }
        return { isExclusive: false, reason: error.message };
      }
    },

    /** Ends the live session, which could continue for minutes although the certificate has no rights. */
    cutSession: connectConnections(dataPlane).cut,
  };
}

export type DeviceRegistry = ReturnType<typeof connectRegistry>;
