/** Timeouts for slow networks. The defaults suit a modem. */
export interface LinkTiming {
  /** Limit of one attempt, with DNS, TCP, TLS and MQTT. */
  readonly connectTimeoutMs: number;
  /** With a keep-alive of minutes, an unacknowledged publish shows a dead connection first. */
  readonly acknowledgeTimeoutMs: number;
  /** Must be shorter than the timeout of any NAT device between agent and broker. */
  readonly keepAliveSeconds: number;
}

/** A quarter of a try: Node gives each address of a name 250 ms, which is less than a slow network's round trip. */
const addressShare = 1 / 4;

/** How to try the addresses of a host name: a network may lack IPv6 although the name has it. */
export function familySelection({ connectTimeoutMs }: LinkTiming) {
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.round(connectTimeoutMs * addressShare),
  } as const;
}
