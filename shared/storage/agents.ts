import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { isOpen } from '../domain/case/case';
import { holdsThing } from '../domain/case/ledger-entry';
import type { FleetSilence } from '../domain/detection/silence-notices';
import type { DetectState } from '../domain/detection/state';
import type { ThingKey } from '../domain/thing-ref';
import type { DetectStore, SilenceStore } from '../ports/storage';
import type { CaseItem } from './case-item';
import type { connectItems } from './items';
import { caseKey, detectKey, shardOf, shards } from './keys';
import { readPages } from './read-pages';
import { openStatusIndex } from './status-index';

type Items = ReturnType<typeof connectItems>;

/** Silent things have a key of their own, to list and count them. */
function dueKindOf({ agent }: DetectState): 'DETECT' | 'SILENT' {
  return agent?.silentAt === undefined ? 'DETECT' : 'SILENT';
}

/** A row of the index for an agent that can't see everything. */
interface DegradedRow {
  readonly thingName: ThingKey;
  readonly outline?: Pick<DegradedAgent, 'degraded'>;
}

/** An agent with an incomplete view. */
export interface DegradedAgent {
  readonly thingName: ThingKey;
  /** Why; none is known until the table has built its index. */
  readonly degraded: readonly string[];
}

const degradedKey = (shard: number) => `AGENT#degraded#${shard}`;

/**
 * The sparse index that lists cases also lists degraded agents. The time in its key is constant, so a report with
 * unchanged health writes nothing to the index.
 */
function indexDegraded({ thingName, agent }: DetectState) {
  const { degraded = [] } = agent?.health ?? {};
  if (degraded.length === 0) return {};
  return { statusKey: degradedKey(shardOf(thingName)), updatedAt: 0, thingName, outline: { degraded } };
}

const silenceKey = { pk: 'FLEET#agents', sk: 'SILENCE' };

/** The detector's state of each thing. */
export function openDetectStates({
  load,
  save,
  listDue,
}: Pick<Items, 'load' | 'save' | 'listDue'>): DetectStore {
  return {
    load: (thingName) => load<DetectState>(detectKey(thingName)),
    save: (state, previous) =>
      save(detectKey(state.thingName), state, previous, {
        ...(state.dueAt !== undefined && {
          dueKey: `${dueKindOf(state)}#${shardOf(state.thingName)}`,
          dueAt: state.dueAt,
        }),
        ...indexDegraded(state),
      }),
    async listDue(now, limit) {
      const due = await listDue('DETECT', now, limit);
      return due.length < limit ? [...due, ...(await listDue('SILENT', now, limit - due.length))] : due;
    },
  };
}

/** Agents, as the detector's states and the index have them. */
export function openAgents(items: Items, documents: DynamoDBDocumentClient, tableName: string) {
  const { load, loadAll, save, listKind } = items;

  const silences: SilenceStore = {
    load: () => load<FleetSilence>(silenceKey),
    save: (value, previous) => save(silenceKey, value, previous),
    listSilent: () => listKind('SILENT'),
    async isHeld(thingName) {
      const record = (await load<CaseItem['value']>(caseKey(thingName)))?.value;
      return isOpen(record) && holdsThing(record);
    },
  };

  const queryStatus = openStatusIndex(documents, tableName);

  /** Agents whose last report says that their view is incomplete, by name. Reads those and no others. */
  async function listDegraded(): Promise<DegradedAgent[]> {
    const found = await Promise.all(
      Array.from({ length: shards }, (_, shard) =>
        readPages<DegradedRow>((page) =>
          queryStatus({
            KeyConditionExpression: 'statusKey = :key',
            ExpressionAttributeValues: { ':key': degradedKey(shard) },
            ...page,
          }),
        ),
      ),
    );
    return found
      .flat()
      .map(({ thingName, outline }) => ({ thingName, degraded: outline?.degraded ?? [] }))
      .toSorted((a, b) => (a.thingName < b.thingName ? -1 : 1));
  }

  async function loadStates(things: readonly ThingKey[]): Promise<DetectState[]> {
    return [...(await loadAll(things.map(detectKey))).values()] as DetectState[];
  }

  /** Every thing whose agent has ever reported, in pages of a hundred. */
  async function* listAgents(kinds: readonly ('DETECT' | 'SILENT')[]): AsyncIterable<DetectState[]> {
    for (const kind of kinds) {
      const names = await listKind(kind);
      for (let start = 0; start < names.length; start += 100) {
        yield await loadStates(names.slice(start, start + 100));
      }
    }
  }

  return { silences, listAgents, listDegraded, loadStates };
}
