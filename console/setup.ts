import type { SignInSettings } from './sign-in/provider';

/** What the server of the page says about the stack. */
export interface Setup {
  readonly api: string;
  /** The source of the data, such as `AWS, stage dev`. */
  readonly where?: string;
  readonly version?: string;
  /** Where the local stack shows its captured messages. */
  readonly messages?: string;
  /** How people sign in, where the page does it. */
  readonly signIn?: SignInSettings;
}

export async function readSetup(): Promise<Setup> {
  const response = await fetch('/console/config.json');
  if (!response.ok) throw new Error(await response.text());
  const setup = (await response.json()) as Setup;
  if (!setup.signIn) return setup;
  return { ...setup, signIn: { ...setup.signIn, skewSeconds: readSkew(response.headers.get('date')) } };
}

/** A clock that is wrong must not make a good token look bad. */
function readSkew(date: string | null): number {
  const serverAt = Date.parse(date ?? '');
  return Number.isNaN(serverAt) ? 0 : Math.round((serverAt - Date.now()) / 1_000);
}
