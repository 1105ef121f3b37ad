import { matchesWildcard } from '../wildcard';

/** One statement of an IoT policy, as far as these rules read it. */
interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
}

/**
 * Whether a certificate with these policies can do anything where the policy of its thing's group doesn't bind: a group
 * policy binds only if the client id is the thing's name (IoT developer guide, "Thing groups"). Anything that can't
 * be read counts as yes.
 */
export function escapesGroupPolicy(documents: readonly string[], thingName: string): boolean {
  return documents.some((document) =>
    readStatements(document).some(
      (statement) =>
        statement.Effect === 'Allow' &&
        (allowsOtherClientIds(statement, thingName) || allowsWithoutClientId(statement)),
    ),
  );
}

function readStatements(document: string): Statement[] {
  try {
    const { Version, Statement: given } = JSON.parse(document) as { Version?: unknown; Statement?: unknown };
    const statements = (Array.isArray(given) ? given : [given]).filter(
      (one) => typeof one === 'object' && one !== null,
    ) as Statement[];
    return Version === '2012-10-17' ? statements : statements.map(withoutVariables);
  } catch {
    return [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  }
}

/** In a policy of an older version a variable is plain text (IAM user guide, "Policy variables"). */
function withoutVariables(statement: Statement): Statement {
  return { ...statement, Resource: listOf(statement.Resource).map((text) => text.replaceAll('${', '$ {')) };
}

/** Whether it lets a client connect under an id other than the thing's name, spelt out or by variable. */
function allowsOtherClientIds(statement: Statement, thingName: string): boolean {
  if (!concernsConnect(statement)) return false;
  if (statement.NotResource !== undefined) return true;
  return listOf(statement.Resource).some((resource) => !bindsToThing(resource, thingName));
}

/** Actions take `*` and `?`, and IAM compares them without case. */
function concernsConnect({ Action, NotAction }: Statement): boolean {
  if (NotAction !== undefined) return true;
  return listOf(Action).some((action) => matchesWildcard(action.toLowerCase(), 'iot:connect'));
}

function bindsToThing(resource: string, thingName: string): boolean {
  const client = nameResource(resource);
  if (client === undefined) return false;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
  if (client === 'client/${iot:Connection.Thing.ThingName}') return true;
  if (client === `client/${thingName}`) return true;
  // Resources of another kind don't concern client ids.
  return /^(topic|topicfilter)\//.test(client);
}

/** Actions that only a session over MQTT can take. */
const onlyMqtt = new Set(['iot:connect', 'iot:subscribe', 'iot:receive']);

/**
 * Whether it allows something over HTTPS, which has no client id. Thing policy variables have a value over MQTT only
 * (IoT developer guide, "Thing policy variables"), so a resource with one allows nothing there; of a role alias, AWS
 * doesn't say it, as the credentials provider takes the name of a thing.
 */
function allowsWithoutClientId({ Action, NotAction, Resource, NotResource }: Statement): boolean {
  if (NotAction === undefined && listOf(Action).every((action) => onlyMqtt.has(action.toLowerCase())))
    return false;
  if (NotResource !== undefined) return true;
  return listOf(Resource).some((resource) => {
    const named = nameResource(resource);
    return (
      named?.startsWith('rolealias/') || !(needsThing.test(resource) || named?.startsWith('topicfilter/'))
    );
  });
}

/** A variable without a default value; IAM has such values, and AWS doesn't say whether IoT policies do. */
const needsThing = /\$\{iot:Connection\.Thing\.[^},]*\}/;

/**
 * `topic/a` of `arn:aws:iot:REGION:ACCOUNT:topic/a`; undefined if what is before has a wildcard. AWS doesn't say whether
 * one ends at a colon: else `arn:aws:iot:*:*:client/a` also lets the client `b:0:client/a` connect.
 */
function nameResource(arn: string): string | undefined {
  const parts = arn.split(':');
  return /[*?]/.test(parts.slice(0, 5).join(':')) ? undefined : parts.slice(5).join(':');
}

function listOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}
