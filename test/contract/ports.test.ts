import type { Account } from './account';
import { declareStorageLaws } from './case-store-contract';
import { declareClientIdLaws } from './client-ids-contract';
import { declareCommandQueueLaws } from './command-queue-contract';
import { declareConnectionsLaws } from './connections-contract';
import { openFakeAccount } from './fake-account';
import { declareJobsLaws } from './jobs-contract';
import { lawsOf } from './laws';
import { declareHoldLaws } from './leases-contract';
import { declarePoliciesLaws } from './policies-contract';
import { openRemoteAccount } from './remote-account';
import { openStackAccount } from './stack-account';
import { declareThingsLaws } from './things-contract';

/** Each port must keep the same laws on every implementation. A fake that breaks one has a bug. */
const endpoint = process.env.AWS_ENDPOINT_URL;
const accounts: Account[] = [
  openFakeAccount(),
  openStackAccount(),
  ...(endpoint ? [openRemoteAccount(endpoint)] : []),
];

describe.each(accounts)('ports on $name', (account) => {
  afterAll(account.close);

  const { mayLack } = account;
  const storageLaw = lawsOf(account.openStorage, mayLack);
  declareStorageLaws(storageLaw);
  declareHoldLaws(storageLaw);
  declareClientIdLaws(storageLaw);
  const registryLaw = lawsOf(account.openRegistry, mayLack);
  declareThingsLaws(registryLaw);
  declarePoliciesLaws(registryLaw);
  declareJobsLaws(registryLaw);
  declareConnectionsLaws(lawsOf(account.openLiveSessions, mayLack));
  declareCommandQueueLaws(lawsOf(account.openMailbox, mayLack));
});
