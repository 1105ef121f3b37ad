import type { TemplateResource } from '../../../../local/aws/cloudformation/template';
import { aFunctionResource, aRole, aStackRecorder, aTemplate, deploy, problemsOf } from './stack';

const api = { Ref: 'Api' };
const arn = { 'Fn::GetAtt': ['Function', 'Arn'] };

function anApi(over: Readonly<Record<string, Record<string, unknown> | undefined>> = {}) {
  const resources: Record<string, [type: string, properties: Record<string, unknown>]> = {
    Api: ['Api', { Name: 'test', ProtocolType: 'HTTP' }],
    Stage: ['Stage', { ApiId: api, StageName: '$default', AutoDeploy: true }],
    Integration: [
      'Integration',
      { ApiId: api, IntegrationType: 'AWS_PROXY', IntegrationUri: arn, PayloadFormatVersion: '2.0' },
    ],
    Route: [
      'Route',
      {
        ApiId: api,
        RouteKey: 'GET /cases/{thing}',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
        AuthorizationType: 'AWS_IAM',
      },
    ],
  };
  const template: Record<string, TemplateResource> = {
    Role: aRole(),
    Function: aFunctionResource(),
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: arn,
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: { 'Fn::Sub': 'arn:aws:execute-api:us-east-1:000000000000:$'.concat('{Api}/*') },
        ...over.Permission,
      },
    },
  };
  for (const [name, [type, properties]] of Object.entries(resources)) {
    if (name in over && over[name] === undefined) continue;
    template[name] = { Type: `AWS::ApiGatewayV2::${type}`, Properties: { ...properties, ...over[name] } };
  }
  return template;
}

describe('AWS::ApiGatewayV2', () => {
  it('creates an API that routes its requests to the function', async () => {
    const recorder = aStackRecorder();

    const { outputs } = await deploy(
      aTemplate(anApi(), { Outputs: { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } } }),
      { hooks: recorder.hooks },
    );

    const [opened] = recorder.apis;
    expect(opened).toEqual({ id: expect.stringMatching(/^[a-z0-9]{10}$/), name: 'test' });
    expect(outputs.Url).toBe(`http://127.0.0.1:9/${opened?.id}`);
    expect(recorder.routes).toEqual([
      {
        apiId: opened?.id,
        routeKey: 'GET /cases/{thing}',
        authorization: { type: 'AWS_IAM' },
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:probe',
        timeoutMs: 30_000,
      },
    ]);
  });

  it('gives a route its authorizer, and the API its CORS origins', async () => {
    const recorder = aStackRecorder();
    const template = anApi({
      Api: {
        CorsConfiguration: {
          AllowOrigins: ['https://a'],
          AllowMethods: ['GET'],
          AllowHeaders: ['x'],
          MaxAge: '60',
        },
      },
      Route: { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' } },
    });
    const authorizer = {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: api,
        Name: 'oidc',
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: 'https://issuer', Audience: ['cordon'] },
      },
    };

    await deploy(aTemplate({ ...template, Authorizer: authorizer }), { hooks: recorder.hooks });

    expect(recorder.apis).toMatchObject([
      {
        cors: { allowOrigins: ['https://a'], allowMethods: ['GET'], allowHeaders: ['x'], maxAgeSeconds: 60 },
      },
    ]);
    expect(recorder.routes).toMatchObject([
      { authorization: { type: 'JWT', authorizer: { issuer: 'https://issuer', audience: ['cordon'] } } },
    ]);
  });

  it.each([
    ['no stage', { Stage: undefined }, 'has no stage: AWS would answer nothing'],
    ['another stage', { Stage: { StageName: 'dev' } }, 'only $default is emulated locally'],
    ['a stage that waits', { Stage: { AutoDeploy: false } }, 'without it AWS serves nothing'],
    ['another kind of API', { Api: { ProtocolType: 'WEBSOCKET' } }, 'only HTTP APIs are emulated locally'],
    ['an older payload', { Integration: { PayloadFormatVersion: '1.0' } }, 'only payload format 2.0'],
    ['a longer integration', { Integration: { TimeoutInMillis: 30_001 } }, 'TimeoutInMillis'],
    [
      'a greedy variable before the end',
      { Route: { RouteKey: 'GET /{proxy+}/a' } },
      'only METHOD /path/{variable}',
    ],
    [
      'a route that ends in a slash',
      { Route: { RouteKey: 'GET /console/' } },
      'only METHOD /path/{variable}',
    ],
    [
      'a route to nothing',
      { Route: { Target: 'integrations/none' } },
      'its Target integrations/none names no integration of this template',
    ],
    [
      'a token without authorizer',
      { Route: { AuthorizationType: 'JWT' } },
      'its AuthorizerId "" names no authorizer of this template',
    ],
    [
      'a permission for another API',
      { Permission: { SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:other/*' } },
      'no AWS::Lambda::Permission lets apigateway.amazonaws.com',
    ],
    [
      'no permission for the service',
      { Permission: { Principal: 'sns.amazonaws.com' } },
      'no AWS::Lambda::Permission lets apigateway.amazonaws.com',
    ],
  ])('refuses %s', async (_, over, problem) => {
    expect(await problemsOf(aTemplate(anApi(over)))).toEqual([expect.stringContaining(problem)]);
  });
});
