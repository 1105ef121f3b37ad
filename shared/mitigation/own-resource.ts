/** A resource of the stack: as CloudFormation lists it, with the properties that the deployed template gives it. */
export interface OwnResource {
  readonly type: string;
  /** Not always the name: the `Ref` of a thing group is its id. Empty where a server does not tell it. */
  readonly physicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
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
