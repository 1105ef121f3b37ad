import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The browser that opens the one-time link gets a cookie, with which it may use the console. The process keeps only
 * hashes, so its memory holds nothing that opens the console.
 */
export function createSessions(cookieName: string) {
  let link: Buffer | undefined;
  const sessions = new Set<string>();
  return {
    /** A new key for the link. An earlier one that was not used no longer opens anything. */
    issueKey(): string {
      const key = randomBytes(24).toString('base64url');
      link = hash(key);
      return key;
    },

    /** The cookie for a key that was not used yet. */
    redeem(key: string): string | undefined {
      if (!link || !timingSafeEqual(link, hash(key))) return undefined;
      link = undefined;
      const session = randomBytes(24).toString('base64url');
      sessions.add(hash(session).toString('hex'));
      return `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`;
    },

    isOpen(cookies: string | undefined): boolean {
      const given = (cookies ?? '')
        .split(/; */)
        .find((cookie) => cookie.startsWith(`${cookieName}=`))
        ?.slice(cookieName.length + 1);
      return given !== undefined && sessions.has(hash(given).toString('hex'));
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
