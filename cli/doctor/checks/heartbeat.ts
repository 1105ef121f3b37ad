import { describePipeline, type Heartbeat, heartbeatName } from '../../../shared/domain/heartbeat';
import { writePipeline } from '../../pipeline';
import type { Check, Finding } from '../finding';

interface Read {
  readonly heartbeat: () => Promise<Heartbeat | undefined>;
  /** When the stack was deployed last, epoch ms. */
  readonly deployedAt: () => Promise<number | undefined>;
  /** Whether the registry has a thing with the name of the heartbeat. */
  readonly hasNamesake: () => Promise<boolean>;
}

const about = 'heartbeat';
/** A new stack has its first one within this time. */
const firstMs = 300_000;

/** Whether alerts get through, as the newest heartbeat shows. */
export function checkHeartbeat({ heartbeat, deployedAt, hasNamesake }: Read, now: number): Check {
  return {
    about,
    async run(): Promise<Finding[]> {
      const [newest, since = 0, isTaken] = await Promise.all([heartbeat(), deployedAt(), hasNamesake()]);
      return [judge(newest, now - since < firstMs, now), ...(isTaken ? [namesake] : [])];
    },
  };
}

function judge(newest: Heartbeat | undefined, isNew: boolean, now: number): Finding {
  const why = 'Alerts pass the same stages, so they may not be handled either.';
  const mend = 'docs/runbooks/heartbeat-out.md';
  if (!newest && isNew)
    return {
      level: 'note',
      about,
      what: 'there is none yet',
      why: 'A new stack has its first one within two minutes.',
      mend: 'npx cordon doctor',
    };
  if (!newest) return { level: 'problem', about, what: 'none has ever come through', why, mend };
  const pipeline = describePipeline(newest, now);
  const what = writePipeline(pipeline);
  return pipeline.late
    ? { level: 'problem', about, what: `the newest is late: ${what}`, why, mend }
    : { level: 'ok', about, what };
}

const namesake: Finding = {
  level: 'problem',
  about,
  what: `a thing has the name ${heartbeatName}, which is reserved for the heartbeat`,
  why: 'Cordon sets its reports and alerts aside, and never contains it.',
  mend: 'register the device under another name (docs/enrolling.md)',
};
