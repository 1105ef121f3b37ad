import { X509Certificate } from 'node:crypto';
import { createIotControlPlane } from './aws/iot/control-plane';
import { createLambdaApi } from './aws/lambda/api';
import type { IotDataPlane } from './aws/mqtt/data-plane';
import { createApiGateway } from './aws/services/api-gateway';
import { createCloudFormation } from './aws/services/cloudformation';
import { createEvents } from './aws/services/events';
import { createIam } from './aws/services/iam';
import { createLogs } from './aws/services/logs';
import { createS3 } from './aws/services/s3';
import { type Base, identity, started } from './server-base';
import type { ServiceHandler } from './types';

/** The services by SigV4 service, beside those that the gateway has itself (./start-aws.ts). */
export function createServices(
  { registry, ca, roles, sources, descriptions, eventBus, securityHub, later }: Base,
  dataPlane: IotDataPlane,
): Record<string, ServiceHandler> {
  const issue = async () => {
    const issued = await ca.issueDeviceCertificate({ commonName: 'AWS IoT Certificate' });
    const { certificatePem, privateKeyPem } = issued;
    const publicKeyPem = new X509Certificate(certificatePem).publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString();
    return { certificatePem, privateKeyPem, publicKeyPem };
  };
  const lambda = () =>
    createLambdaApi(
      started(later.functions, 'the host of functions'),
      sources,
      identity,
      later.stack?.permissions,
    );
  return {
    iot: createIotControlPlane(registry, {
      issuer: { issue, sign: ca.signRequest, caPem: ca.certificatePem },
    }),
    iotdata: dataPlane,
    iotdevicegateway: dataPlane,
    'iot-jobs-data': dataPlane,
    lambda: {
      identify: (request) => lambda().identify(request),
      handle: (request) => lambda().handle(request),
    },
    cloudformation: createCloudFormation(identity, () => later.stack),
    events: createEvents(identity, () => later.scheduler, eventBus),
    securityhub: securityHub.handler,
    iam: createIam(identity, roles),
    apigateway: createApiGateway(identity, descriptions, (apiId, routeKey) =>
      later.apis?.removeRoute(apiId, routeKey),
    ),
    logs: createLogs(identity, descriptions),
    s3: createS3(identity, descriptions),
  };
}
