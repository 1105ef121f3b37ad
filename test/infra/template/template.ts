import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Description: string;
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** What `sls package` wrote: jest's global setup runs it. */
export const template: Template = readTemplate(join(root, '.serverless'));

export function readTemplate(packages: string): Template {
  return JSON.parse(readFileSync(join(packages, 'cloudformation-template-update-stack.json'), 'utf8'));
}

/** Logical ids and resources of one type. */
export function ofType(type: string, { Resources } = template): [string, Resource][] {
  return Object.entries(Resources).filter(([, { Type }]) => Type === type);
}

export function propertiesOf(logicalId: string): Readonly<Record<string, unknown>> {
  const resource = template.Resources[logicalId];
  if (!resource) throw new Error(`the template has no ${logicalId}`);
  return resource.Properties;
}
