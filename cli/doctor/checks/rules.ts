import { type Check, changedByHand, type Finding } from '../finding';

export interface RuleState {
  readonly isDisabled: boolean;
  readonly hasErrorAction: boolean;
}

/** IoT rules of the stage, by their logical ids in the stack (infra/template/iot.ts), and what does not arrive without each. */
const rules = {
  reports: { logicalId: 'ReportsRule', why: 'The detector receives no reports.' },
  lifecycle: { logicalId: 'LifecycleRule', why: 'The detector receives no connects and disconnects.' },
  presence: {
    logicalId: 'PresenceRule',
    why: 'Cordon does not cut a contained device at once when it reconnects.',
  },
} as const;

export type RuleOfStage = keyof typeof rules;

/**
 * `findName` resolves to the name that the stack gave the rule of a logical id, if it has one; `read` to nothing if there is
 * no rule of the name.
 */
export function checkRules(
  wanted: readonly RuleOfStage[],
  findName: (logicalId: string) => Promise<string | undefined>,
  read: (ruleName: string) => Promise<RuleState | undefined>,
): Check[] {
  return wanted.map((name) => {
    const about = `IoT rule ${name}`;
    const { logicalId, why } = rules[name];
    return {
      about,
      async run(): Promise<Finding[]> {
        const ruleName = await findName(logicalId);
        const rule = ruleName === undefined ? undefined : await read(ruleName);
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
