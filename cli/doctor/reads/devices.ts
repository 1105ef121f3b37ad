import { connect } from 'node:tls';
import {
  DescribeEndpointCommand,
  GetTopicRuleCommand,
  type IoTClient,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { connectCertificates } from '../../../shared/aws/policies';
import { connectThings } from '../../../shared/aws/things';
import { isNotFound, orNothing } from '../../../shared/errors';
import type { RuleState } from '../checks/rules';
import type { ThingState } from '../checks/thing';

/** How long an endpoint may take for a handshake. */
const reachMs = 5_000;

/** Rules, endpoint and things of AWS IoT. */
export function connectDevices(iot: IoTClient) {
  const things = connectThings('', iot);
  const certificates = connectCertificates(iot);

  return {
    async readRule(ruleName: string): Promise<RuleState | undefined> {
      try {
        const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }));
        return (
          rule && { isDisabled: rule.ruleDisabled === true, hasErrorAction: rule.errorAction !== undefined }
        );
      } catch (error) {
        // AWS IoT answers for a rule that is not there as for one that is not allowed (API reference, GetTopicRule).
        if (isNotFound(error) || (error instanceof Error && error.name === 'UnauthorizedException'))
          return undefined;
        throw error;
      }
    },

    async readEndpoint(): Promise<string> {
      const { endpointAddress } = await iot.send(
        new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
      );
      return endpointAddress ?? '';
    },

    /** The first things of the registry, at most so many. */
    async sampleThings(count: number): Promise<string[]> {
      const { things: found = [] } = await iot.send(new ListThingsCommand({ maxResults: count }));
      return found.flatMap(({ thingName }) => thingName ?? []);
    },

    hasThing: async (thingName: string) => (await things.describe(thingName)) !== undefined,

    /** Names of the policies of a certificate or a thing group; none if it is not there. */
    listPolicies: async (target: string): Promise<readonly string[]> =>
      (await orNothing(() => things.listPolicies(target))) ?? [],

    /** `denyPolicy`: that of the quarantine, which a containment may attach to a certificate. */
    async readThing(
      thingName: string,
      denyPolicy: string,
    ): Promise<Omit<ThingState, 'agent' | 'isHeld'> | undefined> {
      if ((await things.describe(thingName)) === undefined) return undefined;
      const [groups, arns] = await Promise.all([
        things.listGroups(thingName),
        things.listPrincipals(thingName),
      ]);
      const principals = await Promise.all(
        arns
          .filter((arn) => arn.includes(':cert/'))
          .map(async (arn) => {
            const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
            const [status, policies, users] = await Promise.all([
              certificates.readStatus(certificateId),
              things.listPolicies(arn),
              things.listThingsOfPrincipal(arn),
            ]);
            const own = policies.filter((policy) => policy !== denyPolicy);
            const documents = await Promise.all(own.map((policy) => things.readPolicy(policy)));
            return {
              certificateId,
              status,
              documents,
              isDenied: policies.includes(denyPolicy),
              sharedWith: users.filter((name) => name !== thingName),
            };
          }),
      );
      return { groups, principals };
    },
  };
}

/** Opens a TLS connection to the port of MQTT; any certificate will do, since nothing is sent. */
export function reachEndpoint(endpoint: string): Promise<void> {
  const [host = '', port = '8883'] = endpoint.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      servername: host,
      rejectUnauthorized: false,
      timeout: reachMs,
    });
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer in ${reachMs / 1_000} s`)));
    socket.once('error', reject);
  });
}
