import {
  ApiGatewayV2Client,
  GetApiCommand,
  GetAuthorizersCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStagesCommand,
} from '@aws-sdk/client-apigatewayv2';
import type { PresentHttpApi } from '../as-deployed/present';
import { capitalizeKeys, orGone } from './answers';

interface Page {
  readonly Items?: readonly object[] | undefined;
  readonly NextToken?: string | undefined;
}

/** Reads an HTTP API once for all parts of it. */
export function connectHttpApis(settings: object) {
  const client = new ApiGatewayV2Client(settings);
  const found = new Map<string, Promise<PresentHttpApi | undefined>>();

  async function read(ApiId: string): Promise<PresentHttpApi> {
    const of = (NextToken: string | undefined) => ({
      ApiId,
      MaxResults: '100',
      ...(NextToken && { NextToken }),
    });
    const { $metadata: _, ...api } = await client.send(new GetApiCommand({ ApiId }));
    const [routes, authorizers, integrations, stages] = await Promise.all([
      readAll((next) => client.send(new GetRoutesCommand(of(next)))),
      readAll((next) => client.send(new GetAuthorizersCommand(of(next)))),
      readAll((next) => client.send(new GetIntegrationsCommand(of(next)))),
      readAll((next) => client.send(new GetStagesCommand(of(next)))),
    ]);
    return { api, routes, authorizers, integrations, stages };
  }

  return (apiId: string) => {
    const reading = found.get(apiId) ?? orGone(() => read(apiId));
    found.set(apiId, reading);
    return reading;
  };
}

async function readAll(get: (next: string | undefined) => Promise<Page>): Promise<PresentHttpApi['routes']> {
  const all: object[] = [];
  let next: string | undefined;
  do {
    const { Items = [], NextToken } = await get(next);
    all.push(...Items);
    next = NextToken;
  } while (next);
  return all.map((one) => capitalizeKeys(one) as Readonly<Record<string, unknown>>);
}
