import { join } from 'node:path';
import { listFunctions } from '../../../infra/template/roles';
import { writeResources } from '../../../infra/template/write-resources';
import { findLimitProblems, namePropertyOf } from '../../../local/aws/cloudformation/limits';
import { loadConfiguration } from '../../../shared/config/load';

const everything = join(import.meta.dirname, 'everything.yml');

/** `TYPE NAME` of all that a stage names, the functions included. */
function listNames(stage: string): string[] {
  const { Resources } = writeResources(stage, {}, everything);
  const named = Object.values(Resources).flatMap(({ Type, Properties }) => {
    const name = Properties[namePropertyOf(Type) ?? ''];
    return typeof name === 'string' && name.includes(stage.replaceAll('-', '_')) ? [`${Type} ${name}`] : [];
  });
  const functions = listFunctions(loadConfiguration(everything)).map(
    (name) => `AWS::Lambda::Function cordon-${stage}-${name}`,
  );
  return [...named, ...functions];
}

/** What follows the stage in each name, by type. */
const endings = listNames('zz').map((name) => name.replace(/cordon[-_]zz/, ''));

it('no name of a stage can be one of a stage whose name continues it', () => {
  const clashes = endings.flatMap((ending) =>
    endings.filter((longer) => {
      const [type = '', end = ''] = ending.split(' ');
      const [longerType, longerEnd = ''] = longer.split(' ');
      // cordon-eu + -old-alerts would be cordon-eu-old + -alerts.
      return type === longerType && end !== '' && longerEnd !== end && longerEnd.endsWith(end);
    }),
  );

  expect(endings.length).toBeGreaterThan(40);
  expect(clashes).toEqual([]);
});

it('the names of a stage with the longest name are accepted by their services', () => {
  const { Resources } = writeResources('eu-central-1-productions', {}, everything);
  const problems = Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    [...findLimitProblems(Type, resolveNames(Properties))].map((problem) => `${id}: ${problem}`),
  );

  expect(problems).toEqual([]);
  for (const name of listNames('eu-central-1-productions').filter((each) => each.includes('Lambda')))
    expect(name.split(' ')[1]?.length).toBeLessThanOrEqual(64);
});

/** A name that has parts of the stack's id, with the longest of them. */
function resolveNames(properties: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const resolve = (value: unknown) => {
    if (typeof value !== 'object' || value === null || !('Fn::Join' in value)) return value;
    const [separator, parts] = value['Fn::Join'] as [string, readonly unknown[]];
    return parts.map((part) => (typeof part === 'string' ? part : 'a34ff6d0370c')).join(separator);
  };
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, name === 'RuleName' ? resolve(value) : value]),
  );
}
