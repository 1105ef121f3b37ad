import { type Check, changedByHand, type Finding } from '../finding';

export interface RuleState {
  readonly isDisabled: boolean;
  readonly hasErrorAction: boolean;
}

/** IoT rules of the stage, and what does not arrive without each. */
const rules = {
  reports: 'The detector receives no reports.',
  lifecycle: 'The detector receives no connects and disconnects.',
  presence: 'Cordon does not cut a contained device at once when it reconnects.',
} as const;

type RuleName = keyof typeof rules;

/** As the template names it: those of lifecycle events have parts of the stack's id (infra/iot.ts). */
function nameRule(prefix: string, name: string, stackId: string): string {
  const [, , uuid = ''] = stackId.split('/');
  const parts = uuid.split('-');
  const hidden = name === 'reports' ? [] : [parts[0], parts[4]];
  return [`${prefix}-${name}`.replaceAll('-', '_'), ...hidden].join('_');
}

/** `read` resolves to nothing where there is no such rule. */
export function checkRules(
  prefix: string,
  wanted: readonly string[],
  readStackId: () => Promise<string>,
  read: (ruleName: string) => Promise<RuleState | undefined>,
): Check[] {
  return wanted.map((name) => {
    const about = `IoT rule ${name}`;
    const why = rules[name as RuleName] ?? 'The messages that it should forward are lost.';
    return {
      about,
      async run(): Promise<Finding[]> {
        const ruleName = nameRule(prefix, name, await readStackId());
        const rule = await read(ruleName);
        if (!rule) return [{ level: 'problem', about, what: 'it is missing', why, mend: changedByHand }];
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
              why: 'Messages that it fails to forward are silently lost.',
              mend: changedByHand,
            },
          ];
        return [{ level: 'ok', about, what: 'enabled' }];
      },
    };
  });
}
