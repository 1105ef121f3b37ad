import { nameParameter } from '../template/parameter-name';

/** Checks `--param` and `params:` of serverless.yml before anything is packaged or sent. */

/** A parameter as it was given, and where. */
export interface Given {
  readonly name: string;
  /** `--param`, or its place in serverless.yml. */
  readonly place: string;
}

interface Declaration {
  readonly Type: string;
  readonly AllowedValues?: readonly string[];
  readonly AllowedPattern?: string;
  readonly MinLength?: number;
  readonly MaxLength?: number;
  readonly Description?: string;
}

export interface StackParameter {
  readonly ParameterKey: string;
  readonly ParameterValue: unknown;
}

/** All given parameters: on the command line as `NAME=VALUE`, in serverless.yml by stage or as `default`. */
export function listGiven(typed: readonly string[], written: unknown): Given[] {
  const stages = Object.entries(isMapping(written) ? written : {});
  return [
    ...typed.map((text) => ({ name: text.split('=')[0] ?? '', place: '--param' })),
    ...stages.flatMap(([stage, values]) =>
      Object.keys(isMapping(values) ? values : {}).map((name) => ({
        name,
        place: nameStage(stage),
      })),
    ),
  ];
}

/**
 * The source of a parameter's value. In osls, the command line precedes the stage, and the stage precedes the default.
 */
export function findPlaces(given: readonly Given[], stage: string): FindPlace {
  const places = ['--param', ...[stage, 'default'].map(nameStage)];
  return (name) =>
    places.find((place) => given.some((one) => one.name === name && one.place === place)) ?? '--param';
}

type FindPlace = (name: string) => string;

function nameStage(stage: string): string {
  return `serverless.yml, params.${stage}`;
}

export function nameOf({ ParameterKey }: StackParameter): string {
  return nameParameter(ParameterKey);
}

/** A parameter of earlier versions. It is still recognized, to explain the replacement. */
const retired = 'killSwitch';

export function* findNameFaults(given: readonly Given[], known: readonly string[]): Generator<string> {
  for (const { name, place } of given)
    if (!known.includes(name))
      yield `${place}: no parameter is called ${JSON.stringify(name)}; ${writeHint(name, known)}`;
  const typed = given.filter(({ place }) => place === '--param').map(({ name }) => name);
  const twice = new Set(typed.filter((name, index) => typed.indexOf(name) !== index));
  for (const name of twice) yield `--param: ${name} is given more than once; give it once`;
}

function writeHint(name: string, known: readonly string[]): string {
  const nearest = findNearest(name, known);
  if (nearest === retired) return 'no deploy turns the kill switch: run cordon --aws kill-switch on, or off';
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  const offered = known.filter((other) => other !== retired);
  return `there are ${offered.toSorted().join(', ')}`;
}

/** Values that CloudFormation would refuse during the deploy. */
export function* findValueFaults(
  values: readonly StackParameter[],
  declared: Readonly<Record<string, Declaration>>,
  placeOf: FindPlace = findPlaces([], ''),
): Generator<string> {
  for (const parameter of values) {
    const { ParameterKey, ParameterValue } = parameter;
    const declaration = declared[ParameterKey];
    const expected = declaration && findExpectation(ParameterValue, declaration);
    if (!expected) continue;
    const value = JSON.stringify(ParameterValue);
    const name = nameOf(parameter);
    yield `${placeOf(name)}: ${name} is ${value}: expected ${expected} (${declaration.Description ?? ''})`;
  }
}

/** The issuer and audience of tokens: API Gateway refuses one without the other, and what the console is given for others. */
export function* findPairFaults(
  values: readonly StackParameter[],
  placeOf: FindPlace = findPlaces([], ''),
): Generator<string> {
  const given = (key: string) =>
    String(values.find(({ ParameterKey }) => ParameterKey === key)?.ParameterValue ?? '');
  const [issuer, audience, client] = ['OidcIssuer', 'OidcAudience', 'ConsoleClientId'].map(given);
  if (issuer && !audience)
    yield `${placeOf('oidcIssuer')}: oidcIssuer needs oidcAudience too: give the client ids whose tokens the API accepts`;
  if (audience && !issuer)
    yield `${placeOf('oidcAudience')}: oidcAudience needs oidcIssuer too: give the URL of the provider that signs the tokens`;
  if (client && !audience?.split(/ *, */).includes(client))
    yield `${placeOf('consoleClientId')}: consoleClientId is ${JSON.stringify(client)}, which oidcAudience lacks: add it there, or the API refuses the console's tokens`;
}

/** The expected form of a value, if the value does not have it. */
function findExpectation(
  value: unknown,
  { AllowedValues, AllowedPattern, MinLength = 0, MaxLength }: Declaration,
): string | undefined {
  if (typeof value !== 'string') return 'a text';
  if (AllowedValues && !AllowedValues.includes(value)) return AllowedValues.join(' or ');
  if (AllowedPattern && !new RegExp(`^(?:${AllowedPattern})$`).test(value))
    return `what matches ${AllowedPattern}`;
  if (MaxLength !== undefined && value.length > MaxLength) return `at most ${MaxLength} characters`;
  return value.length < MinLength ? 'a text that is not empty' : undefined;
}

/** The most similar known name, if it is similar enough. */
function findNearest(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((other) => ({ other, distance: countChanges(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, distance }) => distance <= Math.ceil(other.length / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest?.other;
}

/** The number of edits between two words (Levenshtein distance). */
function countChanges(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1)
      next.push(
        Math.min(
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[to.length] ?? 0;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
