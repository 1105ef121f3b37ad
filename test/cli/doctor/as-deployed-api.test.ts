import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { alarm, findsOnly } from './changed-by-hand';
import { changeApi, functionArn, httpApi, route } from './deployed-stack';

describe('the check of what was changed by hand', () => {
  it.each<[string, Partial<PresentResources>, string]>([
    ['a route that was deleted', changeApi({ routes: [] }), 'route GET /cases: it is missing'],
    [
      'a route that everybody may use',
      changeApi({ routes: [{ ...route, AuthorizationType: 'NONE' }] }),
      'route GET /cases: AuthorizationType was JWT and is NONE',
    ],
    [
      'a route with another authorizer',
      changeApi({ routes: [{ ...route, AuthorizerId: 'other' }] }),
      'route GET /cases: AuthorizerId was auth1 and is other',
    ],
    [
      'a route to somewhere else',
      changeApi({ routes: [{ ...route, Target: 'integrations/other' }] }),
      'route GET /cases: Target was integrations/int1 and is integrations/other',
    ],
    [
      'an authorizer that takes tokens of another application',
      changeApi({
        authorizers: [
          { ...httpApi.authorizers[0], JwtConfiguration: { Issuer: 'https://issuer', Audience: ['any'] } },
        ],
      }),
      'authorizer oidc: JwtConfiguration.Audience is not as deployed',
    ],
    [
      'an authorizer of another issuer',
      changeApi({
        authorizers: [
          {
            ...httpApi.authorizers[0],
            JwtConfiguration: { Issuer: 'https://mine', Audience: ['cli', 'console'] },
          },
        ],
      }),
      'authorizer oidc: JwtConfiguration.Issuer was https://issuer and is https://mine',
    ],
    ['a deleted authorizer', changeApi({ authorizers: [] }), 'authorizer oidc: it is missing'],
    [
      'another origin that may call the API',
      changeApi({
        api: { CorsConfiguration: { AllowOrigins: ['*'], AllowMethods: ['GET', 'POST'] } },
      }),
      'HTTP API cordon-dev: CORS: AllowOrigins is not as deployed',
    ],
    [
      'an API without CORS',
      changeApi({ api: {} }),
      'HTTP API cordon-dev: CORS was for https://console and is off',
    ],
    [
      'an integration of another function',
      changeApi({ integrations: [{ ...httpApi.integrations[0], IntegrationUri: 'arn:mine' }] }),
      `integration Integration: IntegrationUri was ${functionArn} and is arn:mine`,
    ],
    [
      'a stage with another limit',
      changeApi({
        stages: [{ ...httpApi.stages[0], DefaultRouteSettings: { ThrottlingRateLimit: 1 } }],
      }),
      'stage of the HTTP API $default: DefaultRouteSettings.ThrottlingRateLimit was 20 and is 1',
    ],
    [
      'a stage without an access log',
      changeApi({ stages: [{ ...httpApi.stages[0], AccessLogSettings: undefined }] }),
      'stage of the HTTP API $default: AccessLogSettings is not as deployed',
    ],
    [
      'a limit of its own for a route',
      changeApi({ stages: [{ ...httpApi.stages[0], RouteSettings: { 'GET /cases': {} } }] }),
      'stage of the HTTP API $default: it has settings of its own for GET /cases',
    ],
    [
      'an alarm whose actions are off',
      { readAlarm: async () => ({ ...alarm, ActionsEnabled: false }) },
      'alarm cordon-dev-sweep: ActionsEnabled was true and is false',
    ],
    [
      'an alarm that notifies somebody else',
      { readAlarm: async () => ({ ...alarm, AlarmActions: ['other'] }) },
      'alarm cordon-dev-sweep: AlarmActions is not as deployed',
    ],
    ['a deleted alarm', { readAlarm: async () => undefined }, 'alarm cordon-dev-sweep: it is missing'],
  ])('finds %s', findsOnly);
});
