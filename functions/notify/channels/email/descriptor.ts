import * as z from 'zod/mini';
import type { SubscribedDescriptor } from '../descriptor';

const section = z.array(z.email()).check(z.maxLength(10));

/** Domains reserved for examples (RFC 2606, RFC 6761): an address there is a placeholder. */
const reserved = /[@.](example\.(com|net|org)|example|test|invalid|localhost)$/i;

/** SNS sends the text of each announcement by e-mail, without a function of Cordon. */
export const email = {
  title: 'E-mail',
  shows: 'a mail for each step of a case',
  section,
  listTold: (addresses) => addresses,
  findFaults: (addresses) => {
    const known = addresses.map((address) => address.toLowerCase());
    return known.flatMap((address, index) =>
      known.indexOf(address) < index
        ? [{ path: [index], message: 'this address is already in the list' }]
        : [],
    );
  },
  findWarnings: (addresses) =>
    addresses
      .filter((address) => reserved.test(address))
      .map(
        (address) =>
          `${address} is a placeholder, so nobody receives mail: set notify.email, or --param="email=YOU@YOUR-DOMAIN"`,
      ),
  delivery: 'subscription',
  protocol: 'email',
  listEndpoints: (addresses) => addresses,
} as const satisfies SubscribedDescriptor<z.output<typeof section>>;
