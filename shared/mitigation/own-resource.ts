/** A resource of the stack: as CloudFormation lists it, with the properties that the deployed template gives it. */
export interface OwnResource {
  readonly type: string;
  /** The name or another id: the `Ref` of a thing group is its id. Empty if a server does not state it. */
  readonly physicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A resource as CloudFormation lists it. */
interface ListedResource {
  readonly ResourceType?: string | undefined;
  readonly LogicalResourceId?: string | undefined;
  readonly PhysicalResourceId?: string | undefined;
  readonly ResourceStatus?: string | undefined;
}

interface Template {
  readonly Resources?: Readonly<Record<string, { readonly Properties?: OwnResource['properties'] }>>;
}

/** The resources of a stack; none before its first deploy. `pages` and `readTemplate`: what CloudFormation answers of it. */
export async function listOwn(
  pages: AsyncIterable<{ readonly StackResourceSummaries?: readonly ListedResource[] | undefined }>,
  readTemplate: () => Promise<{ readonly TemplateBody?: string | undefined }>,
): Promise<OwnResource[]> {
  const listed: ListedResource[] = [];
  try {
    for await (const { StackResourceSummaries = [] } of pages)
      listed.push(...keepMade(StackResourceSummaries));
  } catch (error) {
    if (!isNoStack(error)) throw error;
  }
  if (listed.length === 0) return [];
  const { TemplateBody = '{}' } = await readTemplate();
  return describeOwn(listed, TemplateBody);
}

/** Leaves out what was deleted, was left to the account, or was never made: it is not the stack's. */
function keepMade<R extends ListedResource>(listed: readonly R[]): R[] {
  return listed.filter(
    ({ ResourceStatus = '', PhysicalResourceId }) =>
      !/^DELETE_(COMPLETE|SKIPPED)$/.test(ResourceStatus) &&
      (PhysicalResourceId || ResourceStatus !== 'CREATE_FAILED'),
  );
}

/** The resources, each with the properties of the deployed template. */
function describeOwn(made: readonly ListedResource[], templateBody: string): OwnResource[] {
  const { Resources = {} } = JSON.parse(templateBody) as Template;
  return made.map(({ ResourceType = '', LogicalResourceId = '', PhysicalResourceId = '' }) => ({
    type: ResourceType,
    physicalId: PhysicalResourceId,
    properties: Resources[LogicalResourceId]?.Properties ?? {},
  }));
}

/** CloudFormation's answer about a stack that is not there: before the first deploy. */
function isNoStack(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);
}

/** Whether the stack has the resource with this name, which the template gives in `property`. */
export function isNamed(
  { type, physicalId, properties }: OwnResource,
  wanted: { readonly type: string; readonly property: string; readonly name: string },
): boolean {
  const { property, name } = wanted;
  return (
    type === wanted.type &&
    (properties[property] === name ||
      physicalId === name ||
      physicalId.endsWith(`:${name}`) ||
      physicalId.endsWith(`/${name}`))
  );
}
