import { now } from '../../builders';
import type { World } from '../../world';
import { alarm } from './story';

export const textsOf = ({ told }: World) => told.map(({ kind, text }) => `${kind}: ${text}`);

export const second = (behaviorName: string, metric = 'num_child_procs_myapp') =>
  alarm({ behaviorName, metric, violationId: behaviorName, occurredAt: now + 1 });
