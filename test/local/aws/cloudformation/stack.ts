import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  type DeployedStack,
  type DeploySettings,
  deployTemplate,
} from '../../../../local/aws/cloudformation/deploy';
import type {
  StackClients,
  StackHooks,
  StackRole,
} from '../../../../local/aws/cloudformation/resources/resource-type';
import {
  type Template,
  TemplateError,
  type TemplateResource,
} from '../../../../local/aws/cloudformation/template';
import type { HttpApiDefinition, HttpRouteDefinition } from '../../../../local/aws/http-api/definitions';
import type {
  EventSourceDefinition,
  FunctionDefinition,
  ScheduleDefinition,
} from '../../../../local/aws/lambda/definitions';
import { identity, silentLog } from '../lambda/fixtures';

export interface StackRecorder {
  readonly hooks: StackHooks;
  readonly roles: StackRole[];
  readonly functions: FunctionDefinition[];
  readonly eventSources: EventSourceDefinition[];
  readonly schedules: ScheduleDefinition[];
  readonly apis: HttpApiDefinition[];
  readonly routes: HttpRouteDefinition[];
  readonly parameters: Record<string, string>;
}

export function aStackRecorder(overrides: Partial<StackHooks> = {}): StackRecorder {
  const roles: StackRole[] = [];
  const functions: FunctionDefinition[] = [];
  const eventSources: EventSourceDefinition[] = [];
  const schedules: ScheduleDefinition[] = [];
  const apis: HttpApiDefinition[] = [];
  const routes: HttpRouteDefinition[] = [];
  const parameters: Record<string, string> = {};
  const hooks: StackHooks = {
    registerRole: (role) => void roles.push(role),
    registerFunction: (definition) => void functions.push(definition),
    registerEventSource: (definition) => void eventSources.push(definition),
    registerSchedule: (definition) => void schedules.push(definition),
    registerPattern: () => undefined,
    invokeFunction: async () => ({ status: 'succeeded', requestId: 'r', payload: 'null' }),
    isAllowed: () => true,
    openHttpApi: async (definition) => {
      apis.push(definition);
      return `http://127.0.0.1:9/${definition.id}`;
    },
    registerRoute: (definition) => void routes.push(definition),
    describe: () => undefined,
    putParameter: ({ name, value }) => {
      parameters[name] = value;
    },
    ...overrides,
  };
  return { hooks, roles, functions, eventSources, schedules, apis, routes, parameters };
}

/** Clients that reach nothing but the given endpoint. */
export function clientsOf(endpoint: string): StackClients {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const options = { endpoint, region: identity.region, credentials, maxAttempts: 1 };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    sns: new SNSClient(options),
    iot: new IoTClient(options),
  };
}

export function deploy(template: Template, overrides: Partial<DeploySettings> = {}): Promise<DeployedStack> {
  return deployTemplate({
    template,
    parameters: {},
    identity,
    stackName: 'cordon-test',
    artifactsDirectory: '/packages',
    clients: clientsOf('http://127.0.0.1:9'),
    hooks: aStackRecorder().hooks,
    log: silentLog,
    ...overrides,
  });
}

export async function problemsOf(
  template: Template,
  overrides: Partial<DeploySettings> = {},
): Promise<readonly string[]> {
  try {
    await deploy(template, overrides);
  } catch (error) {
    if (error instanceof TemplateError) return error.problems;
    throw error;
  }
  return [];
}

export function aTemplate(
  Resources: Record<string, TemplateResource>,
  rest: Partial<Template> = {},
): Template {
  return { ...rest, Resources };
}

/** A resource that needs nothing; its Value may be any intrinsic function. */
export function aParameter(value: unknown, rest: Partial<TemplateResource> = {}): TemplateResource {
  return {
    Type: 'AWS::SSM::Parameter',
    Properties: { Name: 'found', Type: 'String', Value: value },
    ...rest,
  };
}

export function aRole(
  service = 'lambda.amazonaws.com',
  statements: readonly unknown[] = [],
): TemplateResource {
  const Statement = [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }];
  const Policies = [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }];
  return {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement }, Policies },
  };
}

export function aFunctionResource(properties: Record<string, unknown> = {}): TemplateResource {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'probe',
      Code: { S3Bucket: 'deployment', S3Key: 'serverless/cordon/dev/1/probe.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      ...properties,
    },
  };
}
