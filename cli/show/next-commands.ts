import type { Case } from '../../shared/domain/case/case';
import type { PersonRequest } from '../../shared/domain/case/person-request';
import { listPossible, operatorActionDescriptors } from '../../shared/domain/decide/operator-actions';
import { printable } from '../../shared/domain/messages/announcement';
import { describeStillInAlarm } from '../../shared/domain/messages/describe-value';
import type { Screen } from '../look/style';
import { wrapWords } from '../look/wrap';

/** The commands that make sense now, each with what it does. */
export function listNextCommands(
  record: Case,
  { command: cordon, width: columns = Infinity }: Screen,
): string[] {
  const { thingName, status, caseId } = record;
  const acts = listPossible(record).map((action) => {
    const warning = action === 'release' ? describeStillInAlarm(record) : undefined;
    const { description } = operatorActionDescriptors[action];
    const needed = operatorActionDescriptors[action].needs === 'comment' ? ' --comment "..."' : '';
    const { request } = record;
    const isAsked = request?.action === (action === 'approve' ? 'contain' : action);
    const order = isAsked ? writeOptions(request) : needed;
    return [
      `${cordon} ${action} ${thingName}${order}`,
      isAsked
        ? `${description}, as ${request.actor} asked: needs somebody else`
        : warning
          ? `${description} (${warning}; --force if it is refused)`
          : description,
    ];
  });
  const runbook = runbooks[status];
  const all = [
    ...acts,
    [`${cordon} verify ${caseId}`, 'check that nobody changed the timeline'],
    ...(runbook ? [[runbook, 'the runbook']] : []),
  ].map((row) => row.map(printable));
  const width = Math.max(...all.map(([command = '']) => command.length));
  const isWide = all.every(([, what = '']) => 4 + width + what.length <= columns);
  return all.flatMap(([command = '', what = '']) =>
    isWide
      ? `  ${command.padEnd(width)}  ${what}`
      : [`  ${command}`, wrapWords(`      ${what}`, Math.max(columns, 40))],
  );
}

/** A person confirms an order by giving the same one. */
function writeOptions({ force, actions }: PersonRequest): string {
  return `${force ? ' --force' : ''}${actions ? ` --actions ${actions.join(' ')}` : ''}`;
}

const runbooks: Readonly<Record<string, string>> = {
  'containment-failed': 'docs/runbooks/containment-failed.md',
  'release-conflict': 'docs/runbooks/release-conflict.md',
};
