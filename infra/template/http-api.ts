import { operatorActions } from '../../shared/domain/decide/operator-actions';
import { operatorRoutes } from '../../shared/routes';
import { listButtonRoutes } from './channels';
import {
  arn,
  arnOf,
  equals,
  iff,
  join,
  not,
  noValue,
  type Resources,
  ref,
  type Value,
} from './cloudformation';
import { writeConsole } from './console';

/** Requests a second for each route, and how many may come at once: people and consoles, not machines. */
const throttling = { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 };

/** HTTP APIs end a request after 30 s whatever a template says; operate needs far less. */
const integrationTimeoutMs = 10_000;

export const httpApiConditions = {
  HasOidcIssuer: not(equals(ref('OidcIssuer'), '')),
  HasConsoleOrigin: not(equals(ref('ConsoleOrigin'), '')),
  HasConsoleUrl: not(equals(ref('ConsoleUrl'), '')),
};

export const httpApiParameters = {
  OidcIssuer: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(https?://[^\\s]+)?',
    Description: 'Issuer of the tokens that operators sign in with; empty: requests are signed with SigV4',
  },
  OidcAudience: {
    Type: 'CommaDelimitedList',
    Default: '',
    Description: 'Audiences (or client ids) of which a token must have one',
  },
  OidcGroupClaim: {
    Type: 'String',
    Default: 'groups',
    MinLength: 1,
    Description: 'Claim that lists the groups of who signed in (Cognito: cognito:groups)',
  },
  OidcOperatorGroup: {
    Type: 'String',
    Default: 'cordon-operators',
    MinLength: 1,
    Description: `Group whose members may send commands: ${operatorActions.join(', ')}`,
  },
  OidcViewerGroup: {
    Type: 'String',
    Default: '',
    Description: 'Group whose members may read; empty: everybody whom the issuer admits may',
  },
  ConsoleClientId: {
    Type: 'String',
    Default: '',
    Description: 'Client id that the console signs in with, one of OidcAudience; empty: the first of them',
  },
  ConsoleScopes: {
    Type: 'String',
    Default: 'openid email',
    AllowedPattern: '([!-~]+ )*openid( [!-~]+)*',
    Description: 'Scopes that the console asks the issuer for, with openid',
  },
  ConsoleOrigin: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(https?://[^/\\s]+)?',
    Description:
      'Origin of another web page that may call the API, such as https://console.example.com; empty: none',
  },
  ConsoleUrl: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(https?://[A-Za-z0-9._~:/-]+/)?',
    Description:
      'Address of the console that messages link to, with a slash at its end; empty: the console of this stack, if people can sign in there',
  },
};

/** The HTTP API in front of `operate` and the console. */
export function writeHttpApi(prefix: string): Resources {
  return {
    HttpApi: {
      Type: 'AWS::ApiGatewayV2::Api',
      Properties: {
        Name: prefix,
        ProtocolType: 'HTTP',
        Description: 'Operators and Slack: cases to read, commands to send, and the console',
        CorsConfiguration: iff('HasConsoleOrigin', writeCors(), noValue),
      },
    },
    HttpApiStage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: {
        ApiId: ref('HttpApi'),
        StageName: '$default',
        AutoDeploy: true,
        DefaultRouteSettings: throttling,
        AccessLogSettings: { DestinationArn: arnOf('HttpApiLogGroup'), Format: accessLogFormat },
      },
    },
    HttpApiLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      // A name outside this folder would need a resource policy, of which an account has ten (API Gateway guide).
      Properties: { LogGroupName: `/aws/vendedlogs/${prefix}-api`, RetentionInDays: 30 },
    },
    HttpApiAuthorizer: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Condition: 'HasOidcIssuer',
      Properties: {
        ApiId: ref('HttpApi'),
        Name: 'oidc',
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: ref('OidcIssuer'), Audience: ref('OidcAudience') },
      },
    },
    HttpApiIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: ref('HttpApi'),
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf('OperateLambdaFunction'),
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: integrationTimeoutMs,
      },
    },
    HttpApiPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: arnOf('OperateLambdaFunction'),
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: arn('execute-api', ref('HttpApi'), '/*'),
      },
    },
    ...writeConsole(integrationTimeoutMs),
    ...Object.fromEntries(
      operatorRoutes.map((key) => [
        logicalId(key),
        writeRoute(key, {
          AuthorizationType: iff('HasOidcIssuer', 'JWT', 'AWS_IAM'),
          AuthorizerId: iff('HasOidcIssuer', ref('HttpApiAuthorizer'), noValue),
        }),
      ]),
    ),
    ...Object.fromEntries(
      listButtonRoutes().map((key) => [logicalId(key), writeRoute(key, { AuthorizationType: 'NONE' })]),
    ),
  };
}

/** Only what API Gateway itself says, no text of a client's: a path or user agent could forge a line. */
const accessLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  route: '$context.routeKey',
  status: '$context.status',
  ip: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  subject: '$context.authorizer.claims.sub',
  refused: '$context.authorizer.error',
  integration: '$context.integration.error',
  latencyMs: '$context.responseLatency',
});

function writeCors(): Value {
  return {
    AllowOrigins: [ref('ConsoleOrigin')],
    AllowMethods: ['GET', 'POST'],
    AllowHeaders: [
      'authorization',
      'content-type',
      'if-none-match',
      'x-amz-date',
      'x-amz-security-token',
      'x-amz-content-sha256',
    ],
    ExposeHeaders: ['etag', 'x-cordon-next'],
    MaxAge: 600,
  };
}

function writeRoute(RouteKey: string, authorization: Readonly<Record<string, Value>>): Resources[string] {
  return {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: ref('HttpApi'),
      RouteKey,
      Target: join('integrations/', ref('HttpApiIntegration')),
      ...authorization,
    },
  };
}

/** `GET /cases/{thing}` -> `RouteGetCasesThing` */
function logicalId(routeKey: string): string {
  const words = routeKey.toLowerCase().match(/[a-z]+/g) ?? [];
  return `Route${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`;
}
