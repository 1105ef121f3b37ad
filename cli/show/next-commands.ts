import type { Case } from '../../shared/domain/case/case';
import {
  describeAlarms,
  listPossible,
  operatorActionDescriptors,
} from '../../shared/domain/decide/operator-actions';

/** The commands that make sense now, each with what it does. */
export function listNextCommands(record: Case): string[] {
  const { thingName, status, caseId } = record;
  const acts = listPossible(record).map((action) => {
    const warning = action === 'release' ? describeAlarms(record) : undefined;
    const { description } = operatorActionDescriptors[action];
    const needed = operatorActionDescriptors[action].needs === 'comment' ? ' --comment "..."' : '';
    return [
      `cordon ${action} ${thingName}${needed}`,
      warning ? `${description} (${warning}: --force)` : description,
    ];
  });
  const runbook = runbooks[status];
  const all = [
    ...acts,
    [`cordon verify ${caseId}`, 'check that nobody changed the timeline'],
    ...(runbook ? [[runbook, 'the runbook']] : []),
  ];
  const width = Math.max(...all.map(([command = '']) => command.length));
  return all.map(([command = '', what]) => `  ${command.padEnd(width)}  ${what}`);
}

const runbooks: Readonly<Record<string, string>> = {
  'containment-failed': 'docs/runbooks/containment-failed.md',
  'release-conflict': 'docs/runbooks/release-conflict.md',
};
