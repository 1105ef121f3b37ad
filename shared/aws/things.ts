import { setTimeout as delay } from 'node:timers/promises';
import {
  ActionType,
  AddThingToThingGroupCommand,
  DescribeThingCommand,
  GetEffectivePoliciesCommand,
  GetPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
  RemoveThingFromThingGroupCommand,
  TestAuthorizationCommand,
} from '@aws-sdk/client-iot';
import { orNothing } from '../errors';
import type { Things } from '../ports/aws';
import { iotClient } from './iot-client';

/** `arnPrefix`: `arn:aws:iot:REGION:ACCOUNT`. */
export function connectThings(arnPrefix: string, client: IoTClient = iotClient()): Things {
  const documents = new Map<string, { readonly document: string; readonly readAt: number }>();

  return {
    async describe(thingName) {
      return orNothing(async () => {
        const thing = await client.send(new DescribeThingCommand({ thingName }));
        return {
          attributes: thing.attributes ?? {},
          ...(thing.thingTypeName && { thingTypeName: thing.thingTypeName }),
        };
      });
    },

    // The list includes parent groups (IoT developer guide, "Static thing groups"): up to seven levels of ten.
    listGroups: (thingName) =>
      all(async (nextToken) => {
        const page = await client.send(
          new ListThingGroupsForThingCommand({ thingName, nextToken, maxResults: 100 }),
        );
        return [page.thingGroups?.flatMap(({ groupName }) => groupName ?? []), page.nextToken];
      }),

    listPrincipals: (thingName) =>
      all(async (nextToken) => {
        const page = await client.send(new ListThingPrincipalsCommand({ thingName, nextToken }));
        return [page.principals, page.nextToken];
      }),

    listPolicies: (principalArn) =>
      all(async (marker) => {
        const page = await client.send(new ListAttachedPoliciesCommand({ target: principalArn, marker }));
        return [page.policies?.flatMap(({ policyName }) => policyName ?? []), page.nextMarker];
      }),

    async readPolicy(policyName) {
      const known = documents.get(policyName);
      if (known && Date.now() - known.readAt < trustMs) return known.document;
      const { policyDocument = '' } = await client.send(new GetPolicyCommand({ policyName }));
      if (documents.size >= maxDocuments) documents.clear();
      documents.set(policyName, { document: policyDocument, readAt: Date.now() });
      return policyDocument;
    },

    listThingsOfPrincipal: (principalArn) =>
      all(async (nextToken) => {
        const page = await client.send(
          new ListPrincipalThingsCommand({ principal: principalArn, nextToken }),
        );
        return [page.things, page.nextToken];
      }),

    async addToGroup(thingName, thingGroupName) {
      await client.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }));
    },

    async removeFromGroup(thingName, thingGroupName) {
      await client.send(new RemoveThingFromThingGroupCommand({ thingName, thingGroupName }));
    },

    async *count(from) {
      let next = from;
      do {
        const page = await client.send(new ListThingsCommand({ nextToken: next, maxResults: 250 }));
        next = page.nextToken;
        yield { things: page.things?.length ?? 0, ...(next && { next }) };
        if (next) await delay(pageDelayMs);
      } while (next);
    },

    async testPublish(principal, clientId, topic, policyToAdd) {
      const { authResults } = await client.send(
        new TestAuthorizationCommand({
          principal,
          clientId,
          authInfos: [{ actionType: ActionType.PUBLISH, resources: [`${arnPrefix}:topic/${topic}`] }],
          ...(policyToAdd !== undefined && { policyNamesToAdd: [policyToAdd] }),
        }),
      );
      return authResults?.[0]?.authDecision;
    },

    async listEffectivePolicies(principal, thingName) {
      const { effectivePolicies } = await client.send(
        new GetEffectivePoliciesCommand({ principal, thingName }),
      );
      return (effectivePolicies ?? []).flatMap(({ policyName, policyDocument }) =>
        policyName === undefined ? [] : [{ policyName, document: policyDocument ?? '' }],
      );
    },
  };
}

/** GetPolicy allows ten calls a second for the account, and a fleet shares few policies. */
const trustMs = 60_000;
const maxDocuments = 1_000;

/** ListThings shares its quota with the account's other users. Ten pages a second are 2,500 things. */
const pageDelayMs = 100;

/** Follows the pages of a list. */
async function all<T>(
  fetchPage: (token: string | undefined) => Promise<[T[] | undefined, string | undefined]>,
): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const [page, next] = await fetchPage(token);
    items.push(...(page ?? []));
    token = next;
  } while (token);
  return items;
}
