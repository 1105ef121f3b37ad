import { type DeviceText, deviceTexts } from '../../configuration/device-texts';
import { clip } from '../../text';
import { type Account, isThingName } from '../../thing-ref';
import type { DetectionFinding } from './ocsf-schema';

export interface Naming {
  /** The sender's name, by the topic that the message came by. */
  readonly source: string;
  /** The text of `device` that has the name of the thing, as the sender's entry in cordon.yml says. */
  readonly device?: DeviceText | undefined;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
}

const mostThings = 10;

/** `unsure`: the text of `device` that names the thing, if cordon.yml does not say that it does. */
type Named =
  | { readonly things: readonly string[]; readonly unsure?: DeviceText }
  | { readonly fault: string };

/**
 * Only the ARN of a thing, or the type AWS::IoT::Thing, says that a thing is meant. OCSF's `device` is any machine, whose
 * name may be a phone number and whose host name it may choose itself: a match with a thing's name can be an accident or
 * an attack. So a person compares first, unless cordon.yml says which text of it has the name of the thing.
 */
export function findThings({ resources = [], device, cloud }: DetectionFinding, naming: Naming): Named {
  const { own } = naming;
  const things = new Set<string>();
  const about = { account: toText(cloud?.account?.uid), region: cloud?.region };
  for (const [index, { uid, name, type, region, owner }] of resources.entries()) {
    if (!isThing(uid, type)) continue;
    const said = { account: toText(owner?.account?.uid) ?? about.account, region: region ?? about.region };
    const read = readThing(`resources.${index}`, { uid, names: [name, uid] }, said, own);
    if ('fault' in read) return read;
    things.add(read.thing);
  }
  if (things.size === 0 && device) {
    const read = readDevice(device, about, naming);
    if ('fault' in read) return read;
    return { things: [read.thing], ...(read.unsure && { unsure: read.unsure }) };
  }
  if (things.size === 0)
    return {
      fault:
        'names no thing: expected a resource with the ARN of a thing as uid, or one of type AWS::IoT::Thing',
    };
  if (things.size > mostThings) return { fault: `names ${things.size} things: at most ${mostThings}` };
  return { things: [...things] };
}

type Said = { readonly [Part in keyof Account]: string | undefined };

function readDevice(
  device: NonNullable<DetectionFinding['device']>,
  said: Said,
  { own, device: field, source }: Naming,
): ReadThing & { readonly unsure?: DeviceText } {
  const { uid } = device;
  if (isThing(uid, undefined)) return readThing('device', { uid, names: [] }, said, own);
  if (field && device[field] === undefined)
    return { fault: `device.${field} is missing, where ${source} writes the name of the thing` };
  const texts = field ? [field] : deviceTexts.filter((text) => device[text] !== undefined);
  const read = readThing('device', { uid, names: texts.map((text) => device[text]) }, said, own);
  const unsure = texts.find((text) => 'thing' in read && device[text] === read.thing);
  return { ...read, ...(!field && unsure && { unsure }) };
}

const thingArn = /^arn:[\w-]+:iot:([\w-]*):(\d*):thing\/(.*)$/s;

function isThing(uid: string | undefined, type: string | undefined): boolean {
  return /^AWS::IoT::Thing$/i.test(type ?? '') || thingArn.test(uid ?? '');
}

/** Some products write account ids as numbers. */
function toText(account: string | number | undefined): string | undefined {
  return typeof account === 'number' ? String(account).padStart(12, '0') : account;
}

type ReadThing = { readonly thing: string } | { readonly fault: string };

function readThing(
  path: string,
  { uid, names }: { readonly uid: string | undefined; readonly names: readonly (string | undefined)[] },
  said: Said,
  own: Account,
): ReadThing {
  const [, region, account, ofArn] = thingArn.exec(uid ?? '') ?? [];
  const { account: ofAccount = own.account, region: ofRegion = own.region } =
    ofArn === undefined ? said : { account, region };
  if (ofAccount !== own.account || ofRegion !== own.region)
    return {
      fault: `${path}: a thing of ${clip(`${ofAccount}/${ofRegion}`, 64)}, and Cordon acts on things of its own account and region only`,
    };
  const texts = ofArn === undefined ? names.filter((one) => one !== undefined) : [ofArn];
  // A product may have an id or a title of its own beside the name. Both can be names only by accident.
  const [thing, other] = new Set(texts.filter(isThingName));
  if (other !== undefined)
    return {
      fault: `${path}: ${thing} and ${other} can both be names of things: send the ARN of the thing as uid`,
    };
  const [first = ''] = texts;
  return thing === undefined
    ? { fault: `${path}: no thing is named ${clip(JSON.stringify(first), 200)}` }
    : { thing };
}
