/** The values that the intrinsic functions of a template look up. */
export interface Scope {
  /** undefined if the name means nothing. */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean | undefined;
  readonly mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  report(path: string, message: string): void;
}

/** What `AWS::NoValue` resolves to: the property or list item that holds it is left out. */
export const noValue = Symbol('AWS::NoValue');

/**
 * A placeholder for a value that is known only once another resource exists. NUL cannot come from a template that AWS
 * accepts, so a value that holds it is not final.
 */
const MARK = '\u0000';

export function markUnknown(name: string): string {
  return `${MARK}${name}${MARK}`;
}

export function isUnknown(value: unknown): boolean {
  return typeof value === 'string' && value.includes(MARK);
}

type Intrinsic = (argument: unknown, path: string, scope: Scope) => unknown;

/** Replaces every intrinsic function in a value; a fault is reported with its path and the value left undefined. */
export function resolveValue(value: unknown, path: string, scope: Scope): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolveValue(item, `${path}[${index}]`, scope))
      .filter((item) => item !== noValue);
  }
  if (typeof value !== 'object' || value === null) return checkText(value, path, scope);
  const keys = Object.keys(value);
  const [name] = keys.filter((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (name !== undefined && keys.length > 1) return fault(scope, path, `${name} must stand alone`);
  if (name !== undefined) {
    const intrinsic = intrinsics.get(name);
    if (!intrinsic) return fault(scope, path, `${name} is not emulated locally`);
    return intrinsic((value as Record<string, unknown>)[name], `${path}.${name}`, scope);
  }
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    resolveValue(item, `${path}.${key}`, scope),
  ]);
  return Object.fromEntries(entries.filter(([, item]) => item !== noValue));
}

/** Evaluates an expression of the section Conditions or of Fn::If. */
export function evaluateCondition(value: unknown, path: string, scope: Scope): boolean {
  const [entry, ...others] = Object.entries(typeof value === 'object' && value !== null ? value : {});
  if (!entry || others.length > 0) return Boolean(fault(scope, path, 'is not a condition'));
  const [name, argument] = entry;
  if (name === 'Condition') return readCondition(argument, path, scope);
  const list = Array.isArray(argument) ? argument : [];
  const each = () => list.map((item, index) => evaluateCondition(item, `${path}.${name}[${index}]`, scope));
  switch (name) {
    case 'Fn::Equals': {
      if (list.length !== 2) return Boolean(fault(scope, path, 'Fn::Equals takes two values'));
      const [left, right] = list.map((item, index) => resolveValue(item, `${path}.${name}[${index}]`, scope));
      return String(left) === String(right);
    }
    case 'Fn::And':
      return each().every(Boolean);
    case 'Fn::Or':
      return each().some(Boolean);
    case 'Fn::Not':
      return !each()[0];
    default:
      return Boolean(fault(scope, path, `${name} is not a condition function`));
  }
}

function readCondition(name: unknown, path: string, scope: Scope): boolean {
  const value = typeof name === 'string' ? scope.condition(name) : undefined;
  if (value === undefined) return Boolean(fault(scope, path, `condition ${String(name)} is not defined`));
  return value;
}

/** Dynamic references would reach the resource unresolved and look like plain text there. */
function checkText(value: unknown, path: string, scope: Scope): unknown {
  if (typeof value === 'string' && value.includes('{{resolve:')) {
    return fault(scope, path, 'dynamic references ({{resolve:...}}) are not emulated locally');
  }
  return value;
}

const intrinsics: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Ref', (argument, path, scope) => readReference(argument, path, scope)],
  ['Fn::GetAtt', resolveGetAtt],
  ['Fn::Sub', resolveSub],
  ['Fn::Join', resolveJoin],
  ['Fn::Select', resolveSelect],
  ['Fn::Split', resolveSplit],
  ['Fn::If', resolveIf],
  ['Fn::FindInMap', resolveFindInMap],
  ['Fn::Base64', resolveBase64],
]);

function readReference(name: unknown, path: string, scope: Scope): unknown {
  const value = typeof name === 'string' ? scope.ref(name) : undefined;
  return value ?? fault(scope, path, `${JSON.stringify(name)} is no parameter or resource of this template`);
}

function readAttribute(logicalId: string, attribute: string, path: string, scope: Scope): unknown {
  const value = scope.getAtt(logicalId, attribute);
  return value ?? fault(scope, path, `${logicalId} has no attribute ${attribute} locally`);
}

function resolveGetAtt(argument: unknown, path: string, scope: Scope): unknown {
  const parts = typeof argument === 'string' ? splitAtDot(argument) : argument;
  if (!Array.isArray(parts) || parts.length !== 2 || typeof parts[0] !== 'string') {
    return fault(scope, path, 'takes a resource and an attribute');
  }
  const attribute = resolveValue(parts[1], path, scope);
  return readAttribute(parts[0], String(attribute), path, scope);
}

function splitAtDot(text: string): string[] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

function resolveSub(argument: unknown, path: string, scope: Scope): unknown {
  const [text, variables = {}] = Array.isArray(argument) ? argument : [argument];
  if (typeof text !== 'string' || typeof variables !== 'object' || variables === null) {
    return fault(scope, path, 'takes a text, or a text and its variables');
  }
  checkText(text, path, scope);
  return text.replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, inner: string) => {
    if (literal) return `\${${inner}}`;
    const name = inner.trim();
    if (Object.hasOwn(variables, name)) {
      return toText(
        resolveValue((variables as Record<string, unknown>)[name], `${path}.${name}`, scope),
        path,
        scope,
      );
    }
    const [first = '', attribute] = splitAtDot(name);
    const value = attribute ? readAttribute(first, attribute, path, scope) : readReference(name, path, scope);
    return toText(value, path, scope);
  });
}

function resolveJoin(argument: unknown, path: string, scope: Scope): unknown {
  const [separator, list] = Array.isArray(argument) ? argument : [];
  const values = resolveValue(list, `${path}[1]`, scope);
  if (isUnknown(values)) return values;
  if (typeof separator !== 'string' || !Array.isArray(values)) {
    return fault(scope, path, 'takes a separator and a list');
  }
  return values.map((value) => toText(value, path, scope)).join(separator);
}

function resolveSelect(argument: unknown, path: string, scope: Scope): unknown {
  const [index, list] = Array.isArray(argument) ? argument : [];
  const values = resolveValue(list, `${path}[1]`, scope);
  if (isUnknown(values)) return values;
  const position = Number(resolveValue(index, `${path}[0]`, scope));
  const value = Array.isArray(values) && Number.isInteger(position) ? values[position] : undefined;
  return value ?? fault(scope, path, `there is no item ${String(position)}`);
}

function resolveSplit(argument: unknown, path: string, scope: Scope): unknown {
  const [separator, source] = Array.isArray(argument) ? argument : [];
  const text = resolveValue(source, `${path}[1]`, scope);
  if (isUnknown(text)) return text;
  if (typeof separator !== 'string' || typeof text !== 'string') {
    return fault(scope, path, 'takes a separator and a text');
  }
  return text.split(separator);
}

function resolveIf(argument: unknown, path: string, scope: Scope): unknown {
  if (!Array.isArray(argument) || argument.length !== 3) {
    return fault(scope, path, 'takes a condition and two values');
  }
  const branch = readCondition(argument[0], path, scope) ? 1 : 2;
  return resolveValue(argument[branch], `${path}[${branch}]`, scope);
}

function resolveFindInMap(argument: unknown, path: string, scope: Scope): unknown {
  const keys = Array.isArray(argument) ? argument.map((key) => String(resolveValue(key, path, scope))) : [];
  const [map = '', first = '', second = ''] = keys;
  const value = scope.mappings[map]?.[first]?.[second];
  return value ?? fault(scope, path, `there is no ${keys.join('.')} in Mappings`);
}

function resolveBase64(argument: unknown, path: string, scope: Scope): unknown {
  const text = toText(resolveValue(argument, path, scope), path, scope);
  return isUnknown(text) ? text : Buffer.from(text).toString('base64');
}

function toText(value: unknown, path: string, scope: Scope): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  // An undefined value has been reported where it arose.
  if (value !== undefined) fault(scope, path, 'needs texts, found a list, an object or no value');
  return '';
}

function fault(scope: Scope, path: string, message: string): undefined {
  scope.report(path, message);
  return undefined;
}
