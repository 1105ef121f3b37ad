import type { ActionDescriptor } from './descriptor';

interface DisconnectPrior {
  readonly action: 'disconnect';
  readonly clientIds: readonly string[];
}

/** One device should need no more client ids. */
const maxClientIds = 10;

export const disconnect: ActionDescriptor<DisconnectPrior> = {
  words: {
    does: 'ends the open session, and each later one with cached rights',
    release: 'nothing: the device may connect',
  },
  means: 'session',
  clientIds: {
    list: ({ clientIds }) => clientIds,
    // Above the limit, the oldest ids are dropped, but never the first, which is the thing's name.
    add: ({ clientIds: [first, ...others], ...prior }, clientId) => ({
      ...prior,
      clientIds: [...(first === undefined ? [] : [first]), ...[...others, clientId].slice(1 - maxClientIds)],
    }),
  },
  findPrior: ({ clientIds }) => ({ action: 'disconnect', clientIds }),
  listRestored: () => [],
};
