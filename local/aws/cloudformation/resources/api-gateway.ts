import * as z from 'zod';
import type { RouteAuthorization } from '../../http-api/definitions';
import { isUnknown } from '../intrinsics';
import { findFunction, requirePermission } from './lambda';
import { lowerKeys } from './lower-keys';
import { flag, number, tagMap, text, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';

const api = defineResource({
  properties: z.strictObject({
    Name: text,
    ProtocolType: z.literal('HTTP', 'only HTTP APIs are emulated locally'),
    Description: withoutEffect,
    CorsConfiguration: z
      .strictObject({
        AllowOrigins: z.array(text),
        AllowMethods: z.array(text),
        AllowHeaders: z.array(text),
        ExposeHeaders: z.array(text).optional(),
        MaxAge: number.optional(),
      })
      .optional(),
    Tags: tagMap,
  }),
  attributes: ['ApiEndpoint', 'ApiId'],
  create: async ({ Name, CorsConfiguration: cors }, context) => {
    const id = context.generateName().toLowerCase().replaceAll('-', '').slice(-10);
    const endpoint = await context.hooks.openHttpApi({
      id,
      name: Name,
      ...(cors && {
        cors: {
          allowOrigins: cors.AllowOrigins,
          allowMethods: cors.AllowMethods,
          allowHeaders: cors.AllowHeaders,
          ...(cors.ExposeHeaders && { exposeHeaders: cors.ExposeHeaders }),
          ...(cors.MaxAge !== undefined && { maxAgeSeconds: cors.MaxAge }),
        },
      }),
    });
    describePart(context, 'apis', id, {
      ...{ ApiId: id, Name, ProtocolType: 'HTTP', ApiEndpoint: endpoint, DisableExecuteApiEndpoint: false },
      ...(cors && { CorsConfiguration: cors }),
    });
    context.verifyLater(() =>
      context.records.stages.has(id) ? undefined : 'has no stage: AWS would answer nothing',
    );
    return { physicalId: id, attributes: { ApiEndpoint: endpoint, ApiId: id } };
  },
});

const stage = defineResource({
  properties: z.strictObject({
    ApiId: text,
    StageName: text.refine(
      (name) => name === '$default' || isUnknown(name),
      'only $default is emulated locally',
    ),
    AutoDeploy: flag.refine((auto) => auto, 'without it AWS serves nothing until a deployment is made'),
    DefaultRouteSettings: withoutEffect,
    AccessLogSettings: withoutEffect,
    Description: withoutEffect,
    Tags: tagMap,
  }),
  attributes: [],
  create: ({ ApiId, ...stage }, context) => {
    const { StageName } = stage;
    const { AutoDeploy, DefaultRouteSettings, AccessLogSettings } = stage;
    context.records.stages.add(ApiId);
    const shown = { StageName, AutoDeploy, DefaultRouteSettings, AccessLogSettings, RouteSettings: {} };
    describePart(context, `apis/${ApiId}/stages`, StageName, shown);
    return { physicalId: StageName, attributes: {} };
  },
});

const authorizer = defineResource({
  properties: z.strictObject({
    ApiId: text,
    Name: text,
    AuthorizerType: z.literal('JWT', 'only JWT authorizers are emulated locally'),
    IdentitySource: z.tuple([z.literal('$request.header.Authorization')]),
    JwtConfiguration: z.strictObject({ Issuer: text, Audience: z.array(text).min(1) }),
  }),
  attributes: ['AuthorizerId'],
  create: ({ ApiId, ...shown }, context) => {
    const id = context.generateName();
    const { Issuer, Audience } = shown.JwtConfiguration;
    context.records.authorizers.set(id, { issuer: Issuer, audience: Audience });
    describePart(context, `apis/${ApiId}/authorizers`, id, { AuthorizerId: id, ...shown });
    return { physicalId: id, attributes: { AuthorizerId: id } };
  },
});

const integration = defineResource({
  properties: z.strictObject({
    ApiId: text,
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: text,
    PayloadFormatVersion: z.literal('2.0', 'only payload format 2.0 is emulated locally'),
    // "Integration timeout: 30 s" (apigateway/latest/developerguide/http-api-quotas.html).
    TimeoutInMillis: number.pipe(z.int().min(50).max(30_000)).optional(),
    Description: withoutEffect,
  }),
  attributes: [],
  create: ({ ApiId, ...shown }, context) => {
    const { IntegrationUri, TimeoutInMillis = 30_000 } = shown;
    const { identity, records, generateName } = context;
    const { partition, region, accountId } = identity;
    const { arn } = findFunction(IntegrationUri, context);
    const source = `arn:${partition}:execute-api:${region}:${accountId}:${ApiId}/$default/GET/`;
    requirePermission(arn, 'apigateway.amazonaws.com', source, context);
    const id = generateName();
    records.integrations.set(id, { functionArn: arn, timeoutMs: TimeoutInMillis });
    describePart(context, `apis/${ApiId}/integrations`, id, { IntegrationId: id, ...shown, TimeoutInMillis });
    return { physicalId: id, attributes: {} };
  },
});

const route = defineResource({
  properties: z.strictObject({
    ApiId: text,
    RouteKey: text.refine(
      // AWS refuses one that ends in a slash (storacha/w3infra, pull request 166), and a greedy variable before the end.
      (key) => isUnknown(key) || /^[A-Z]+ \/([^\s+]*[^\s+/]|[^\s+]*\/\{[\w.-]+\+\})?$/.test(key),
      'only METHOD /path/{variable} and METHOD /path/{variable+} are emulated locally',
    ),
    Target: text,
    AuthorizationType: z.enum(['NONE', 'AWS_IAM', 'JWT']),
    AuthorizerId: text.optional(),
    OperationName: withoutEffect,
  }),
  attributes: ['RouteId'],
  create: ({ ApiId, ...shown }, context) => {
    const { RouteKey, Target, AuthorizationType, AuthorizerId } = shown;
    const { records, hooks, generateName, logicalId } = context;
    const found = records.integrations.get(Target.replace(/^integrations\//, ''));
    if (!found) throw new Error(`${logicalId}: its Target ${Target} names no integration of this template`);
    const authorization = readAuthorization(AuthorizationType, AuthorizerId, context);
    hooks.registerRoute({ apiId: ApiId, routeKey: RouteKey, authorization, ...found });
    const id = generateName();
    describePart(context, `apis/${ApiId}/routes`, id, { RouteId: id, ...shown });
    return { physicalId: id, attributes: { RouteId: id } };
  },
});

function describePart({ hooks }: ResourceContext, kind: string, id: string, description: object): void {
  hooks.describe(kind, id, lowerKeys(description) as object);
}

function readAuthorization(
  type: RouteAuthorization['type'],
  authorizerId: string | undefined,
  { records, logicalId }: ResourceContext,
): RouteAuthorization {
  if (type !== 'JWT') return { type };
  const found = records.authorizers.get(authorizerId ?? '');
  if (!found)
    throw new Error(
      `${logicalId}: its AuthorizerId ${JSON.stringify(authorizerId ?? '')} names no authorizer of this template, which a JWT route needs`,
    );
  return { type, authorizer: found };
}

export const apiGatewayTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': api,
  'AWS::ApiGatewayV2::Stage': stage,
  'AWS::ApiGatewayV2::Authorizer': authorizer,
  'AWS::ApiGatewayV2::Integration': integration,
  'AWS::ApiGatewayV2::Route': route,
};
