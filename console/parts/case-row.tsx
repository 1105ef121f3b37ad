import { expiresSoon } from '../../shared/domain/lists/urgency';
import { thingPath } from '../api/client';
import type { ListedCase } from '../api/types';
import { shortenActor } from '../words/actor';
import { nameBehavior } from '../words/group';
import { writeTimeLeft } from '../words/time';
import { Ago } from './clock';
import { Severity, Status } from './status';

interface CaseRowProps {
  readonly one: ListedCase;
  readonly now: number;
  readonly isSelected: boolean;
  readonly onToggle: (one: ListedCase) => void;
}

export function CaseRow({ one, now, isSelected, onToggle }: CaseRowProps) {
  const {
    thingName,
    status,
    severity,
    behaviors = [],
    moreBehaviors = 0,
    expiresAt,
    assignee,
    reason,
    request,
  } = one;
  const openedAt = one.openedAt ?? one.updatedAt;
  return (
    <li class={isSelected ? 'case is-selected' : 'case'}>
      <label class="select">
        <input type="checkbox" checked={isSelected} onChange={() => onToggle(one)} />
        <span class="sr-only">Select {thingName}</span>
      </label>
      <a class="thing" href={caseAddress(one)}>
        {thingName}
      </a>
      <Status status={status} />
      <span class="behavior" title={reason}>
        {behaviors.length === 0 ? (reason ?? '') : behaviors.map(nameBehavior).join(', ')}
        {moreBehaviors > 0 && ` and ${moreBehaviors} more`}
        {behaviors.length > 0 && request && ` · ${shortenActor(request.actor)} asked to ${request.action} it`}
      </span>
      <Severity severity={severity} />
      <span class="who" title={assignee}>
        {assignee && shortenActor(assignee)}
      </span>
      <span class="when">
        {expiresAt !== undefined && (
          <b class={expiresSoon(expiresAt, now) ? 'soon' : ''}>{writeTimeLeft(expiresAt, now)}</b>
        )}
        <Ago at={openedAt} />
      </span>
    </li>
  );
}

/** A closed case is not the thing's present one, so its link has its id. */
export function caseAddress({
  thingName,
  caseId,
  status,
}: Pick<ListedCase, 'thingName' | 'caseId' | 'status'>) {
  const address = `/console/cases/${thingPath(thingName)}`;
  return status === 'closed' ? `${address}/${encodeURIComponent(caseId)}` : address;
}
