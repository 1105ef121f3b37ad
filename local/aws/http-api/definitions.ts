/** An HTTP API of API Gateway as the template describes it. */
export interface HttpApiDefinition {
  readonly id: string;
  readonly name: string;
  readonly cors?: CorsDefinition;
}

export interface CorsDefinition {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
}

export interface JwtAuthorizer {
  readonly issuer: string;
  readonly audience: readonly string[];
}

export type RouteAuthorization =
  | { readonly type: 'NONE' }
  | { readonly type: 'AWS_IAM' }
  | { readonly type: 'JWT'; readonly authorizer: JwtAuthorizer };

export interface HttpRouteDefinition {
  readonly apiId: string;
  /** `GET /cases/{thing}` */
  readonly routeKey: string;
  readonly authorization: RouteAuthorization;
  readonly functionArn: string;
  readonly timeoutMs: number;
}
