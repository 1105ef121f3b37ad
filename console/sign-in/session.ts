import { ApiError } from '../api/client';
import { keepBegun, takeBegun } from './begun';
import {
  exchangeCode,
  explainFailure,
  isRefused,
  refresh,
  type SignInSettings,
  type Tokens,
  writeLogout,
  writeRequest,
} from './provider';

/** Somebody who is signed in. The tokens are in this page's memory and nowhere else. */
export interface Session {
  readonly who: string;
  /** For the API. Throws if it has expired and there is no newer one. */
  token(): Promise<string>;
  signInAgain(): void;
  signOut(): void;
}

/** Why nobody is signed in, until somebody asks for it. */
export interface SignedOut {
  readonly why: string;
  readonly isFault: boolean;
  signIn(): void;
}

/** Signs in, or says why it doesn't; never resolves where the browser goes to the issuer. */
export async function openSession(settings: SignInSettings): Promise<Session | SignedOut> {
  const signedOut = (why: string, isFault: boolean): SignedOut => ({
    why,
    isFault,
    signIn: () => void begin(settings, '/console'),
  });
  if (location.pathname === '/console/signed-out') return signedOut('You are signed out.', false);
  if (location.pathname !== '/console/signed-in') return begin(settings, currentPlace());
  const begun = takeBegun();
  try {
    if (!begun) throw new Error('This sign-in was not begun in this tab, or is over already.');
    const tokens = await exchangeCode(settings, begun);
    history.replaceState(null, '', readPlace(begun.place));
    return hold(settings, tokens);
  } catch (error) {
    history.replaceState(null, '', location.pathname);
    return signedOut(explainFailure(error), true);
  }
}

async function begin(settings: SignInSettings, place: string): Promise<never> {
  const { url, ...request } = await writeRequest(settings);
  keepBegun({ ...request, place });
  // In the place of this page, so that Back leads to what was before it.
  location.replace(url);
  return new Promise(() => undefined);
}

const currentPlace = () => `${location.pathname}${location.search}`;

/** The kept address if it is a view of the console, otherwise the first page of the console. */
function readPlace(place: string): string {
  const { origin, pathname, search } = new URL(place, location.origin);
  const isView = origin === location.origin && /^\/console(\/|$)/.test(pathname);
  return isView ? `${pathname}${search}` : '/console';
}

const expired = 'Your sign-in has expired.';

function hold(settings: SignInSettings, first: Tokens): Session {
  const { sub, email } = first.claims;
  let held = { ...first, ...readTimes(first) };
  let renewing: Promise<void> | undefined;

  async function renew(refreshToken: string): Promise<void> {
    try {
      const next = await refresh(settings, refreshToken);
      if (next.claims.sub !== sub) throw new Error('The identity provider answers for somebody else.');
      held = { ...next, ...readTimes(next) };
    } catch (error) {
      if (isRefused(error)) held = { ...held, refreshToken: undefined };
      else if (Date.now() >= held.until) throw new ApiError('unreachable', explainFailure(error));
    }
  }

  return {
    who: typeof email === 'string' ? email : sub,

    async token() {
      if (Date.now() < held.renewAt) return held.idToken;
      if (held.refreshToken !== undefined) {
        renewing ??= renew(held.refreshToken).finally(() => {
          renewing = undefined;
        });
        await renewing;
      }
      if (Date.now() < held.until) return held.idToken;
      throw new ApiError('signed-out', expired, 401);
    },

    signInAgain: () => void begin(settings, currentPlace()),
    signOut: () => location.replace(writeLogout(settings)),
  };
}

/** Times by this machine's clock, from how long the token holds. A token is renewed before the last tenth of that. */
function readTimes({ claims: { iat, exp } }: Tokens): { readonly renewAt: number; readonly until: number } {
  const holdsMs = (exp - iat) * 1_000;
  return { renewAt: Date.now() + 0.9 * holdsMs, until: Date.now() + holdsMs };
}
