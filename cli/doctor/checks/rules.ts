import { type Check, changedByHand, type Finding } from '../finding';

export interface RuleState {
  readonly isDisabled: boolean;
  readonly hasErrorAction: boolean;
}

/** IoT rules of the stage, and what does not arrive without each. */
const rules = {
  reports: 'The detector gets no report.',
  lifecycle: 'The detector receives no connects and disconnects.',
  presence: 'A contained device that reconnects is not cut at once.',
} as const;

type RuleName = keyof typeof rules;

/** `read` resolves to nothing where there is no such rule. */
export function checkRules(
  prefix: string,
  wanted: readonly string[],
  read: (ruleName: string) => Promise<RuleState | undefined>,
): Check[] {
  return wanted.map((name) => {
    const about = `IoT rule ${name}`;
    const ruleName = `${prefix}-${name}`.replaceAll('-', '_');
    const why = rules[name as RuleName] ?? 'What it should pass on is lost.';
    return {
      about,
      async run(): Promise<Finding[]> {
        const rule = await read(ruleName);
        if (!rule)
          return [{ level: 'problem', about, what: `${ruleName} is missing`, why, mend: changedByHand }];
        if (rule.isDisabled)
          return [
            {
              level: 'problem',
              about,
              what: `${ruleName} is disabled`,
              why,
              mend: `aws iot enable-topic-rule --rule-name ${ruleName}`,
            },
          ];
        if (!rule.hasErrorAction)
          return [
            {
              level: 'problem',
              about,
              what: `${ruleName} has no error action`,
              why: 'What it fails to pass on is silently lost.',
              mend: changedByHand,
            },
          ];
        return [{ level: 'ok', about, what: 'enabled' }];
      },
    };
  });
}
