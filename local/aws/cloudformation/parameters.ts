export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
  readonly MinLength?: string | number;
  readonly MaxLength?: string | number;
  readonly MinValue?: string | number;
  readonly MaxValue?: string | number;
}

/** Gives each parameter its value, and adds faults to `problems`. */
export function resolveParameters(
  declared: Readonly<Record<string, TemplateParameter>>,
  given: Readonly<Record<string, string>>,
  problems: string[],
): Record<string, unknown> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name))
      problems.push(`Parameters.${name}: is given, but the template has none`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    const value = given[name] ?? parameter.Default;
    const problem =
      value === undefined ? 'has no value and no Default' : findParameterProblem(parameter, value);
    if (problem) problems.push(`Parameters.${name}: ${problem}`);
    values[name] = parseParameter(parameter.Type, String(value ?? ''));
  }
  return values;
}

/** Why a parameter can't have the value. */
export function findParameterProblem(
  parameter: TemplateParameter,
  value: string | number,
): string | undefined {
  const text = String(value);
  const { Type, AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue } = parameter;
  if (Type.startsWith('AWS::SSM::')) return `type ${Type} is not emulated locally`;
  if (AllowedValues && !AllowedValues.map(String).includes(text))
    return `must be one of ${AllowedValues.join(', ')}`;
  if (AllowedPattern && !new RegExp(`^(?:${AllowedPattern})$`).test(text))
    return `must match ${AllowedPattern}`;
  if (MinLength !== undefined && text.length < Number(MinLength)) return `is shorter than ${MinLength}`;
  if (MaxLength !== undefined && text.length > Number(MaxLength)) return `is longer than ${MaxLength}`;
  if (Type !== 'Number') return undefined;
  if (text.trim() === '' || Number.isNaN(Number(text))) return 'must be a number';
  if (MinValue !== undefined && Number(text) < Number(MinValue)) return `is less than ${MinValue}`;
  if (MaxValue !== undefined && Number(text) > Number(MaxValue)) return `is more than ${MaxValue}`;
  return undefined;
}

function parseParameter(type: string, text: string): unknown {
  if (type !== 'CommaDelimitedList' && !type.startsWith('List<')) return text;
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}
