import { type Check, type Finding, runChecks } from '../../../cli/doctor/finding';

export const levels = (found: readonly Finding[]) => found.map(({ level }) => level);
export const first = async (checks: Check | readonly Check[]) => runChecks([checks].flat());
