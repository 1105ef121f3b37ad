import { isRefusal } from '../../shared/errors';
import type { Things } from '../../shared/ports/aws';
import type { Clock } from '../../shared/ports/runtime';
import type { FleetLimit, FleetSize } from '../../shared/ports/storage';

/** A fleet grows slowly, and counting a large one uses minutes of quota. */
const recountMs = 3_600_000;

interface CountPorts {
  readonly fleetLimit: Pick<FleetLimit, 'readSize' | 'saveSize'>;
  readonly countThings?: Things['count'];
  readonly clock: Clock;
}

/** Counts the fleet once an hour. A run that reaches `deadline` (epoch ms) leaves the rest to the next run. */
export async function countFleet(
  { fleetLimit, countThings, clock }: CountPorts,
  deadline: number,
): Promise<void> {
  if (!countThings) return;
  const known = await fleetLimit.readSize();
  const { counting, ...last }: FleetSize = known ?? {};
  if (!counting && last.countedAt !== undefined && clock() - last.countedAt < recountMs) return;
  let things = counting?.things ?? 0;
  try {
    for await (const page of countThings(counting?.next)) {
      things += page.things;
      if (page.next === undefined) return await fleetLimit.saveSize({ things, countedAt: clock() });
      if (clock() >= deadline)
        return await fleetLimit.saveSize({ ...last, counting: { things, next: page.next } });
    }
  } catch (error) {
    // A list token expires. The count then starts again.
    if (counting && isRefusal(error)) await fleetLimit.saveSize(last);
    throw error;
  }
}
