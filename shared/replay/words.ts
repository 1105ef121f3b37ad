import { writeCount } from '../domain/words';
import type { Response } from './simulate';

export const outcomeWords = {
  contained: 'contained',
  asked: 'asked about',
  observed: 'only recorded',
} as const satisfies Record<Response['outcome'], string>;

/** What a configuration does with a thing, such as `contained (spawned-child: disconnect + quarantine)`. */
export function describeResponse(response: Response | undefined): string {
  if (!response) return 'no case';
  const { outcome, playbook = 'no playbook', actions, reason, containments, questions, releases } = response;
  const how = outcome === 'contained' ? actions.join(' + ') : (reason ?? 'no reason');
  const counts = [
    containments > 1 && writeCount(containments, 'time'),
    outcome === 'contained' && questions > 0 && `asked ${writeCount(questions, 'time')}`,
    releases > 0 && `released by time ${writeCount(releases, 'time')}`,
  ].filter(Boolean);
  return `${outcomeWords[outcome]} (${[`${playbook}: ${how}`, ...counts].join('; ')})`;
}
