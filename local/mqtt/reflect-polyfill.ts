/**
 * tsyringe, by which @peculiar/x509 finds its algorithms, refuses to load without the Reflect metadata API.
 * It only stores and reads keys of classes through it, so this is all of the API it needs.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

function readMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const ofTarget = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, ofTarget.set(key, value));
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: readMetadata, getOwnMetadata: readMetadata, defineMetadata });
}
