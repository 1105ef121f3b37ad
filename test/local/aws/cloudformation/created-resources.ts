import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { StackClients } from '../../../../local/aws/cloudformation/resources/resource-type';
import type { Template, TemplateResource } from '../../../../local/aws/cloudformation/template';
import { aStackRecorder, aTemplate, clientsOf, deploy, problemsOf, type StackRecorder } from './stack';

interface RecordedCall {
  readonly call: string;
  readonly body: unknown;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

const stackName = () => `s${crypto.randomUUID().slice(0, 8)}`;

/** The services that the resources of a stack are created in, for the tests of a file. */
export function openServices() {
  let messaging: FauxqsServer;
  let tables: Server;
  let iot: Server;
  let clients: StackClients;
  const iotCalls: RecordedCall[] = [];

  beforeAll(async () => {
    messaging = await startFauxqs({ port: 0, logger: false });
    tables = dynalite({ createTableMs: 0 });
    iot = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || 'null');
      iotCalls.push({ call: `${request.method} ${request.url}`, body });
      const arns = {
        thingGroupArn: 'arn:group',
        thingGroupId: 'id',
        policyArn: 'arn:policy',
        metricArn: 'arn:metric',
      };
      response.end(JSON.stringify({ ...arns, securityProfileArn: 'arn:profile' }));
    });
    await Promise.all(
      [tables, iot].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
    );
    const { sqs, sns } = clientsOf(`http://127.0.0.1:${messaging.port}`);
    const { dynamodb } = clientsOf(`http://127.0.0.1:${portOf(tables)}`);
    clients = { sqs, sns, dynamodb, iot: clientsOf(`http://127.0.0.1:${portOf(iot)}`).iot };
  });
  beforeEach(() => {
    iotCalls.length = 0;
  });
  afterAll(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await messaging.stop();
    await Promise.all([tables, iot].map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function create(
    resources: Record<string, TemplateResource>,
    recorder: StackRecorder = aStackRecorder(),
  ) {
    const stack = await deploy(aTemplate(resources), {
      clients,
      hooks: recorder.hooks,
      stackName: stackName(),
    });
    return { ...stack, recorder };
  }

  function problems(resources: Record<string, TemplateResource>, rest: Partial<Template> = {}) {
    return problemsOf(aTemplate(resources, rest), { clients, stackName: stackName() });
  }

  return { clients: () => clients, iotCalls, create, problems };
}

export const queueAndTopic = {
  Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts' } },
};
