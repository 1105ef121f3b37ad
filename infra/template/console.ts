import { arn, arnOf, join, type Resources, ref } from './cloudformation';

/**
 * A route key can't end in a slash, and `{file+}` need not match nothing: the page's own address is `/console`. Everybody
 * may load the page, which has no data in it.
 */
const consoleRoutes = {
  ConsoleRoute: 'GET /console',
  ConsoleHeadRoute: 'HEAD /console',
  ConsoleFileRoute: 'GET /console/{file+}',
  ConsoleFileHeadRoute: 'HEAD /console/{file+}',
};

/** The console of the HTTP API: a function with the built page in it. */
export function writeConsole(timeoutMs: number): Resources {
  return {
    ConsoleIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: ref('HttpApi'),
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf('ConsoleLambdaFunction'),
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: timeoutMs,
      },
    },
    ConsolePermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: arnOf('ConsoleLambdaFunction'),
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: arn('execute-api', ref('HttpApi'), '/*'),
      },
    },
    ...Object.fromEntries(
      Object.entries(consoleRoutes).map(([id, RouteKey]) => [
        id,
        {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: ref('HttpApi'),
            RouteKey,
            Target: join('integrations/', ref('ConsoleIntegration')),
            AuthorizationType: 'NONE',
          },
        },
      ]),
    ),
  };
}
