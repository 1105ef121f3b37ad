/** What a slow network needs; the defaults are for a modem. */
export interface LinkTiming {
  /** Of one try, with name, TCP, TLS and MQTT. */
  readonly connectTimeoutMs: number;
  /** With a keep-alive of minutes, a publish without an answer is what shows a dead connection. */
  readonly acknowledgeTimeoutMs: number;
  /** Shorter than NAT on the way remembers a connection. */
  readonly keepAliveSeconds: number;
}

/** A quarter of a try: Node gives each address of a name 250 ms, which is less than a slow network's round trip. */
const addressShare = 1 / 4;

/** How to go through the addresses of a name: a network may have no IPv6 though the name has. */
export function familySelection({ connectTimeoutMs }: LinkTiming) {
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.round(connectTimeoutMs * addressShare),
  } as const;
}
