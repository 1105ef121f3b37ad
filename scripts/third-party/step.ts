import type { SNSClient } from '@aws-sdk/client-sns';
import type { Outcome } from './gaps';
import type { Run } from './run-program';

export const stackName = 'cordon-dev';
export const device = 'third-party-1';

export type Report = (what: string, verdict: Outcome['verdict'], detail?: string) => void;
export type Program = (...args: readonly string[]) => Promise<Run>;
export type Settings = ConstructorParameters<typeof SNSClient>[0] & object;

export async function attempt(what: string, report: Report, run: () => Promise<unknown>): Promise<void> {
  await run().then(
    () => report(what, 'held'),
    (error: unknown) => report(what, 'wrong', String(error)),
  );
}

export function parseJson<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

export function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
