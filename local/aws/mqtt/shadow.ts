/** Longest shadow document that AWS IoT accepts. */
const MAX_DOCUMENT_BYTES = 8192;
/** "Maximum depth of JSON device state documents" of the quotas; deeper ones are refused. */
const MAX_DEPTH = 8;

type Json = unknown;
type Fields = Readonly<Record<string, Json>>;

export class ShadowError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

interface Shadow {
  readonly desired?: Fields;
  readonly reported?: Fields;
  readonly version: number;
  readonly updatedAt: number;
}

/** A thing's classic shadow, or the one of a name. */
export interface ShadowId {
  readonly thingName: string;
  readonly shadowName?: string;
}

export interface ShadowStore {
  get(id: ShadowId): Fields;
  /** Merges a document, and returns the service's answer. */
  update(id: ShadowId, document: Buffer, now: number): Fields;
  delete(id: ShadowId, now: number): Fields;
  /** The names of a thing's named shadows, in their order. */
  listNames(thingName: string): readonly string[];
}

/** The key of a named shadow, as AWS IoT prints it; no thing's name has the tilde. */
function keyOf({ thingName, shadowName }: ShadowId): string {
  return shadowName === undefined ? thingName : `${thingName}~${shadowName}`;
}

/** Shadows, without the per-field timestamps of `metadata`. */
export function createShadowStore(): ShadowStore {
  const shadows = new Map<string, Shadow>();
  /** A deleted shadow keeps its version for a while; here for good ("Deleting a shadow" of the developer guide). */
  const lastVersions = new Map<string, number>();

  function find(id: ShadowId): Shadow {
    const shadow = shadows.get(keyOf(id));
    if (shadow) return shadow;
    throw new ShadowError('ResourceNotFoundException', 404, `No shadow exists with name: '${keyOf(id)}'`);
  }

  return {
    get: (id) => describe(find(id)),
    update(id, document, now) {
      const request = parseDocument(document);
      const key = keyOf(id);
      const current = shadows.get(key);
      const version = current?.version ?? lastVersions.get(key) ?? 0;
      if (request.version !== undefined && request.version !== version) {
        throw new ShadowError('ConflictException', 409, 'Version conflict');
      }
      const next: Shadow = { ...mergeState(current, request.state), version: version + 1, updatedAt: now };
      if (Buffer.byteLength(JSON.stringify(describe(next).state)) > MAX_DOCUMENT_BYTES) throw tooLarge();
      shadows.set(key, next);
      lastVersions.set(key, next.version);
      const { clientToken } = request;
      const timestamp = toSeconds(now);
      return {
        state: request.state,
        version: next.version,
        timestamp,
        ...(clientToken !== undefined && { clientToken }),
      };
    },
    delete(id, now) {
      const { version } = find(id);
      shadows.delete(keyOf(id));
      return { version, timestamp: toSeconds(now) };
    },
    listNames(thingName) {
      const start = keyOf({ thingName, shadowName: '' });
      return [...shadows.keys()]
        .filter((key) => key.startsWith(start))
        .map((key) => key.slice(start.length))
        .sort();
    },
  };
}

function describe(shadow: Shadow): Fields {
  const { desired, reported, version, updatedAt } = shadow;
  const delta = desired && findDelta(desired, reported ?? {});
  const state = {
    ...(desired && { desired }),
    ...(reported && { reported }),
    ...(delta && { delta }),
  };
  return { state, version, timestamp: toSeconds(updatedAt) };
}

interface UpdateRequest {
  readonly state: Readonly<Partial<Record<'desired' | 'reported', Fields | null>>>;
  readonly version?: number;
  readonly clientToken?: string;
}

function parseDocument(document: Buffer): UpdateRequest {
  if (document.byteLength > MAX_DOCUMENT_BYTES) throw tooLarge();
  const parsed = parseJson(document);
  if (!isFields(parsed) || !isFields(parsed.state)) throw malformed('Missing required node: state');
  const { state, version, clientToken } = parsed;
  for (const [section, value] of Object.entries(state)) {
    if (section !== 'desired' && section !== 'reported')
      throw malformed(`State contains an invalid node: '${section}'`);
    if (value !== null && !isFields(value)) throw malformed(`${section} must be an object`);
    if (isDeeperThan(MAX_DEPTH, value)) throw malformed('JSON contains too many levels of nesting');
  }
  if (version !== undefined && !Number.isSafeInteger(version)) throw malformed('Invalid version');
  if (clientToken !== undefined && (typeof clientToken !== 'string' || Buffer.byteLength(clientToken) > 64)) {
    throw malformed('Invalid clientToken');
  }
  return {
    state: state as UpdateRequest['state'],
    ...(version !== undefined && { version: version as number }),
    ...(clientToken !== undefined && { clientToken }),
  };
}

function parseJson(document: Buffer): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(document));
  } catch {
    throw malformed('Invalid JSON');
  }
}

function mergeState(
  current: Shadow | undefined,
  state: UpdateRequest['state'],
): Pick<Shadow, 'desired' | 'reported'> {
  const desired =
    state.desired === undefined ? current?.desired : merge(current?.desired ?? {}, state.desired);
  const reported =
    state.reported === undefined ? current?.reported : merge(current?.reported ?? {}, state.reported);
  return { ...(desired && { desired }), ...(reported && { reported }) };
}

/** A null removes its field; arrays are replaced whole. */
function merge(target: Fields, patch: Fields | null): Fields | undefined {
  if (patch === null) return undefined;
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    const next = isFields(value) ? merge(isFields(before) ? before : {}, value) : value;
    if (next === null || next === undefined) merged.delete(key);
    else merged.set(key, next);
  }
  return merged.size > 0 ? Object.fromEntries(merged) : undefined;
}

/** The desired values that differ from the reported ones. */
function findDelta(desired: Fields, reported: Fields): Fields | undefined {
  const entries = Object.entries(desired).flatMap(([key, value]): [string, Json][] => {
    const actual = Object.hasOwn(reported, key) ? reported[key] : undefined;
    if (isFields(value) && isFields(actual)) {
      const inner = findDelta(value, actual);
      return inner ? [[key, inner]] : [];
    }
    return JSON.stringify(value) === JSON.stringify(actual) ? [] : [[key, value]];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Stops at the limit, as a document of 8 KB can nest deep enough to exhaust the stack. */
function isDeeperThan(levels: number, value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function toSeconds(at: number): number {
  return Math.floor(at / 1000);
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string): ShadowError {
  return new ShadowError('InvalidRequestException', 400, message);
}

function tooLarge(): ShadowError {
  return new ShadowError(
    'RequestEntityTooLargeException',
    413,
    'The payload exceeds the maximum size allowed',
  );
}
