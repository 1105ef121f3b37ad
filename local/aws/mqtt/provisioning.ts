import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { IotServiceError, invalid } from '../iot/errors';
import { findTemplate } from '../iot/provisioning-templates';
import type { IotRegistry } from '../iot/registry';

/**
 * Fleet provisioning by claim over MQTT ("Device provisioning MQTT API" of the developer guide), with the key made on the
 * device, in JSON. A certificate that was asked for is pending until a template makes it a thing's.
 */

const REQUEST = /^\$aws\/(?:certificates\/create-from-csr|provisioning-templates\/([^/]+)\/provision)\/json$/;

interface ProvisioningTopic {
  /** Absent: a certificate is asked for. */
  readonly templateName?: string;
}

export function parseProvisioningTopic(topic: string): ProvisioningTopic | undefined {
  const match = REQUEST.exec(topic);
  if (!match) return undefined;
  return match[1] === undefined ? {} : { templateName: match[1] };
}

interface ProvisioningAnswer {
  readonly outcome: 'accepted' | 'rejected';
  readonly payload: Buffer;
}

export interface Provisioner {
  answer(topic: ProvisioningTopic, payload: Buffer, clientId: string): Promise<ProvisioningAnswer>;
}

interface ProvisionerOptions {
  readonly registry: IotRegistry;
  readonly sign: (requestPem: string) => Promise<string>;
  /** Runs a template's hook. */
  readonly invokeFunction?: (functionArn: string, event: unknown) => Promise<unknown>;
}

const CreateFromCsr = z.object({ certificateSigningRequest: z.string() });
const Provision = z.object({
  certificateOwnershipToken: z.string(),
  parameters: z.exactOptional(z.record(z.string(), z.string())),
});
const HookAnswer = z.object({ allowProvisioning: z.boolean() });

export function createProvisioner({ registry, sign, invokeFunction }: ProvisionerOptions): Provisioner {
  const { state } = registry;
  /** Ownership token -> certificate id; good for one provisioning. */
  const pending = new Map<string, string>();

  async function createCertificate(payload: Buffer) {
    const certificatePem = await sign(read(CreateFromCsr, payload).certificateSigningRequest);
    const certificate = registry.certificates.register(certificatePem, 'INACTIVE');
    const { certificateId } = certificate;
    state.certificates.set(certificateId, { ...certificate, status: 'PENDING_ACTIVATION' });
    const certificateOwnershipToken = randomBytes(32).toString('base64url');
    pending.set(certificateOwnershipToken, certificateId);
    return { certificateId, certificatePem, certificateOwnershipToken };
  }

  async function provision(templateName: string, payload: Buffer, clientId: string) {
    const { certificateOwnershipToken, parameters = {} } = read(Provision, payload);
    const template = findTemplate(state, templateName);
    const certificateId = pending.get(certificateOwnershipToken);
    if (certificateId === undefined) throw refuse('InvalidCertificateOwnershipToken');
    if (!template.enabled) throw refuse('The template is not enabled.');
    if (template.hookArn !== undefined) {
      const event = { clientId, certificateId, templateArn: template.arn, parameters };
      if (!(await askHook(template.hookArn, event))) throw refuse('AccessDenied');
    }
    const values = { ...parameters, 'AWS::IoT::Certificate::Id': certificateId };
    const text = (type: string, name: string) => {
      const found = Object.values(template.resources).find(({ Type }) => Type === type);
      const properties = resolve(found?.Properties ?? {}, values) as Readonly<Record<string, unknown>>;
      const value = properties[name];
      return typeof value === 'string' ? value : undefined;
    };
    const thingName = text('AWS::IoT::Thing', 'ThingName');
    const policyName = text('AWS::IoT::Policy', 'PolicyName');
    const status = text('AWS::IoT::Certificate', 'Status');
    const principal = state.arns.build('cert', certificateId);
    // A thing that is there gets the certificate as well, as on AWS: a hook must keep that from happening.
    if (thingName !== undefined && !registry.thing(thingName)) registry.things.create(thingName);
    if (policyName !== undefined) registry.policies.attach(policyName, principal);
    if (thingName !== undefined) registry.things.attachPrincipal(thingName, principal);
    registry.certificates.setStatus(certificateId, (status ?? 'ACTIVE').toUpperCase());
    pending.delete(certificateOwnershipToken);
    return { deviceConfiguration: {}, ...(thingName !== undefined && { thingName }) };
  }

  /** No if the hook says so, and if it fails, as on AWS. */
  async function askHook(hookArn: string, event: unknown): Promise<boolean> {
    try {
      const answer = z.safeParse(HookAnswer, await invokeFunction?.(hookArn, event));
      return answer.success && answer.data.allowProvisioning;
    } catch (error) {
      state.log.warn('a provisioning hook failed', { hookArn, reason: String(error) });
      return false;
    }
  }

  return {
    async answer({ templateName }, payload, clientId) {
      try {
        const body =
          templateName === undefined
            ? await createCertificate(payload)
            : await provision(templateName, payload, clientId);
        return { outcome: 'accepted', payload: Buffer.from(JSON.stringify(body)) };
      } catch (error) {
        if (!(error instanceof IotServiceError)) throw error;
        const { status: statusCode, name: errorCode, message: errorMessage } = error;
        const body = { statusCode, errorCode, errorMessage };
        return { outcome: 'rejected', payload: Buffer.from(JSON.stringify(body)) };
      }
    },
  };
}

function refuse(message: string): IotServiceError {
  return new IotServiceError('UnauthorizedException', message);
}

function read<T extends z.ZodMiniType>(schema: T, payload: Buffer): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw Object.assign(invalid('The payload is not JSON.'), { cause });
  }
  const result = z.safeParse(schema, value);
  if (!result.success) throw invalid('The payload lacks a field, or has one of another type.');
  return result.data;
}

/** A template's value with its parameters filled in: `Ref` and `Fn::Join`, of which Cordon's own is made. */
function resolve(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, values));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: reference, 'Fn::Join': join } = value as Readonly<Record<string, unknown>>;
  if (typeof reference === 'string') {
    if (!Object.hasOwn(values, reference)) throw invalid(`The parameter ${reference} is missing.`);
    return values[reference];
  }
  if (Array.isArray(join)) {
    const [delimiter, parts] = resolve(join, values) as readonly [string, readonly string[]];
    return parts.join(delimiter);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, values)]));
}
