import type { ActionDescriptor } from './descriptor';

interface DisconnectPrior {
  readonly action: 'disconnect';
  readonly clientIds: readonly string[];
}

/** As many client ids as one device is believed to need. */
const maxClientIds = 10;

export const disconnect: ActionDescriptor<DisconnectPrior> = {
  means: 'session',
  clientIds: {
    list: ({ clientIds }) => clientIds,
    // Of more than are remembered the oldest go, but not the thing's name, which is the first.
    add: ({ clientIds: [first, ...others], ...prior }, clientId) => ({
      ...prior,
      clientIds: [...(first === undefined ? [] : [first]), ...[...others, clientId].slice(1 - maxClientIds)],
    }),
  },
  findPrior: ({ clientIds }) => ({ action: 'disconnect', clientIds }),
  listRestored: () => [],
};
