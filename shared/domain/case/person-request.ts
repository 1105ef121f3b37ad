import type { ActionName } from '../actions/registry';

/** An operator's order that waits for a second person. */
export interface PersonRequest {
  readonly action: 'contain' | 'release' | 'harden';
  readonly actor: string;
  /** The proven identity of the sender: `SOURCE:ID`. */
  readonly person: string;
  readonly force?: true;
  /** For `harden`. */
  readonly actions?: readonly ActionName[];
  readonly at: number;
  readonly expires: number;
  /** The id of the command. */
  readonly requestId?: string;
}

/** The parts of a request that people see. */
export type ShownRequest = Omit<PersonRequest, 'person' | 'requestId'>;

interface MayAsk {
  readonly request?: PersonRequest;
}

export function showRequest(record: MayAsk): { readonly request?: ShownRequest } {
  if (!record.request) return {};
  const { person: _person, requestId: _id, ...request } = record.request;
  return { request };
}

/** The order that waits now. */
export function findRequest(record: MayAsk | undefined, now: number): PersonRequest | undefined {
  const request = record?.request;
  return request && request.expires > now ? request : undefined;
}
