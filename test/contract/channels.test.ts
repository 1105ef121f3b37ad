import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listChannels, listServed } from '../../functions/notify/channels/registry';
import { webhook } from '../../functions/notify/channels/webhook/descriptor';
import { startStandIn as startOpsgenie } from '../functions/notify/channels/webhook/opsgenie-stand-in';
import { itKeepsTheContract, type StandIn } from './channel-contract';

const served = listServed(listChannels());

describe.each(served.map(({ name, descriptor }) => [name, descriptor] as const))(
  'the channel %s',
  (name, descriptor) => {
    const file = join(import.meta.dirname, `../functions/notify/channels/${name}/stand-in.ts`);

    it('has a stand-in of its service', () => {
      expect([file, existsSync(file)]).toEqual([file, true]);
    });

    itKeepsTheContract(descriptor, async () => {
      const { startStandIn } = (await import(file)) as { startStandIn: () => Promise<StandIn> };
      return startStandIn();
    });
  },
);

describe('the channel webhook with the format of Opsgenie', () => {
  itKeepsTheContract(webhook, startOpsgenie);
});
