import { compareFields, differ, toldElsewhere } from './differ';
import { type Differences, gone, type Judge } from './judge';
import type { PresentHttpApi, PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

type Part = Readonly<Record<string, unknown>>;

const closed = 'People and the console can no longer read cases or send commands.';

async function judgeApi(
  { physicalId, properties }: DeployedResource,
  { readHttpApi }: PresentResources,
  all: readonly DeployedResource[],
): Promise<Differences> {
  const present = await readHttpApi(physicalId);
  if (!present) return gone;
  const known = all
    .filter(({ type, properties: of }) => type === 'AWS::ApiGatewayV2::Route' && of.ApiId === physicalId)
    .map(({ properties: of }) => of.RouteKey);
  return [
    ...(present.api.DisableExecuteApiEndpoint === true
      ? [
          {
            what: 'its endpoint is off',
            why: closed,
            mend: `aws apigatewayv2 update-api --api-id ${physicalId} --no-disable-execute-api-endpoint`,
          },
        ]
      : []),
    ...compareCors(properties.CorsConfiguration, present.api.CorsConfiguration),
    ...present.routes
      .filter(({ RouteKey }) => !known.includes(RouteKey))
      .map(({ RouteKey, RouteId, AuthorizationType }) => ({
        what: `it has another route: ${RouteKey}, authorization ${AuthorizationType}`,
        why: 'Who may use it was not decided by the template.',
        mend: `aws apigatewayv2 delete-route --api-id ${physicalId} --route-id ${RouteId}`,
      })),
  ];
}

/** Both ways: an origin that was added may read cases in the name of the person who signed in. */
function compareCors(deployed: unknown, present: unknown): string[] {
  if (deployed === unknown) return [];
  if (!deployed || !present)
    return deployed || present ? [`CORS was ${show(deployed)} and is ${show(present)}`] : [];
  return compareFields(
    { AllowCredentials: false, ...deployed },
    { AllowCredentials: false, ...(present as Part) },
  ).map((difference) => `CORS: ${difference}`);
}

const show = (cors: unknown) =>
  cors ? `for ${[(cors as Part).AllowOrigins ?? []].flat().map(String).join(', ') || 'no origin'}` : 'off';

/** Judges a part of an API: nothing of a deleted API, which is one finding. */
function ofApi(
  find: (api: PresentHttpApi, resource: DeployedResource) => Part | undefined,
  compare: (properties: Part, present: Part, api: PresentHttpApi) => Differences,
): Judge['judge'] {
  return async (resource, { readHttpApi }) => {
    const api = await readHttpApi(String(resource.properties.ApiId));
    if (!api) return toldElsewhere;
    const present = find(api, resource);
    return present ? compare(resource.properties, present, api) : gone;
  };
}

const judgeRoute = ofApi(
  ({ routes }, { properties }) => routes.find(({ RouteKey }) => RouteKey === properties.RouteKey),
  (properties, present) => {
    const { AuthorizationType = 'NONE', AuthorizerId, Target, ApiId } = properties;
    return [
      ...differ('AuthorizationType', AuthorizationType, present.AuthorizationType),
      ...differ('AuthorizerId', idOf(AuthorizerId, ApiId) ?? 'none', present.AuthorizerId ?? 'none'),
      ...differ('Target', idOf(Target, ApiId), present.Target),
    ];
  },
);

/** CloudFormation may write the id of a part together with the id of its API. */
function idOf(id: unknown, apiId: unknown): unknown {
  return typeof id === 'string' ? id.replace(`${apiId}|`, '').replace(`|${apiId}`, '') : id;
}

const judgeAuthorizer = ofApi(
  ({ authorizers }, { properties }) => authorizers.find(({ Name }) => Name === properties.Name),
  ({ AuthorizerType, IdentitySource, JwtConfiguration }, present) =>
    compareFields({ AuthorizerType, IdentitySource, JwtConfiguration }, present),
);

const judgeIntegration = ofApi(
  ({ integrations }, { physicalId, properties }) =>
    integrations.find(({ IntegrationId }) => IntegrationId === idOf(physicalId, properties.ApiId)),
  ({ IntegrationType, IntegrationUri, PayloadFormatVersion, TimeoutInMillis }, present) =>
    compareFields({ IntegrationType, IntegrationUri, PayloadFormatVersion, TimeoutInMillis }, present),
);

const judgeStage = ofApi(
  ({ stages }, { properties }) => stages.find(({ StageName }) => StageName === properties.StageName),
  ({ AutoDeploy, DefaultRouteSettings, AccessLogSettings }, present) => {
    const ofRoutes = Object.keys((present.RouteSettings as Part | undefined) ?? {});
    return [
      ...compareFields({ AutoDeploy, DefaultRouteSettings, AccessLogSettings }, present),
      ...ofRoutes.map((key) => `it has settings of its own for ${key}`),
    ];
  },
);

const shortName = ({ properties }: DeployedResource, key: string) => String(properties[key]);

export const judgesOfHttpApi: Readonly<Record<string, Judge>> = {
  'AWS::ApiGatewayV2::Api': {
    word: 'HTTP API',
    name: (resource) => shortName(resource, 'Name'),
    judge: judgeApi,
  },
  'AWS::ApiGatewayV2::Route': {
    word: 'route',
    name: (resource) => shortName(resource, 'RouteKey'),
    judge: judgeRoute,
  },
  'AWS::ApiGatewayV2::Authorizer': {
    word: 'authorizer',
    name: (resource) => shortName(resource, 'Name'),
    judge: judgeAuthorizer,
  },
  'AWS::ApiGatewayV2::Integration': {
    word: 'integration',
    name: ({ logicalId }) => logicalId,
    judge: judgeIntegration,
  },
  'AWS::ApiGatewayV2::Stage': { word: 'stage of the HTTP API', judge: judgeStage },
};
