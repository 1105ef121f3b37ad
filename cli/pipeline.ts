import type { Pipeline } from '../shared/domain/heartbeat';

/** How long the newest heartbeat was under way, and how old it is: `230 ms, 40 s ago`. */
export function writePipeline({ ms, ageMs }: Pipeline): string {
  return `${ms} ms, ${writeAge(ageMs)} ago`;
}

/** The line below a list. If no heartbeat comes through, it says what to do. */
export function writePipelineLine(pipeline: Pipeline | undefined): string {
  if (!pipeline) return 'pipeline: no heartbeat yet';
  return `pipeline: ${writePipeline(pipeline)}${pipeline.late ? ', NO HEARTBEAT COMES THROUGH: npx cordon doctor' : ''}`;
}

function writeAge(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
