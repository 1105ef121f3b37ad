/** One statement of an IoT policy, as far as this rule reads it. */
interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
}

/**
 * Whether a certificate with these policies may connect under another client id than its thing's name. Only a resource
 * that is the thing's name, spelt out or by variable, binds it; anything else counts as yes, also what can't be read.
 */
export function allowsOtherClientIds(documents: readonly string[], thingName: string): boolean {
  return documents.some((document) =>
    readStatements(document).some((statement) => {
      if (statement.Effect !== 'Allow' || !concernsConnect(statement)) return false;
      if (statement.NotResource !== undefined) return true;
      return listOf(statement.Resource).some((resource) => !bindsToThing(resource, thingName));
    }),
  );
}

function readStatements(document: string): Statement[] {
  try {
    const { Statement: statements } = JSON.parse(document) as { Statement?: unknown };
    return (Array.isArray(statements) ? statements : [statements]).filter(
      (one) => typeof one === 'object' && one !== null,
    ) as Statement[];
  } catch {
    return [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }];
  }
}

/** Actions take `*` and `?`, and IAM compares them without case. */
function concernsConnect({ Action, NotAction }: Statement): boolean {
  if (NotAction !== undefined) return true;
  return listOf(Action).some((action) => {
    const pattern = action
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${pattern}$`, 'i').test('iot:Connect');
  });
}

function bindsToThing(resource: string, thingName: string): boolean {
  const topic = resource.split(':').slice(5).join(':');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
  if (topic === 'client/${iot:Connection.Thing.ThingName}') return true;
  if (topic === `client/${thingName}`) return true;
  // Another kind of resource says nothing about clients.
  return /^(topic|topicfilter)\//.test(topic);
}

function listOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}
