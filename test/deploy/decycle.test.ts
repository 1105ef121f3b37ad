import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../infra/template/template';

interface Decycle {
  decycle(value: unknown): unknown;
}

const { decycle } = createRequire(import.meta.url)('./decycle.cjs') as Decycle;
const ofOsls = createRequire(join(root, 'node_modules', 'osls', 'package.json'))('json-cycle') as Decycle;

it('is what json-cycle makes, for shared objects, circles, lists, dates and what JSON leaves out', () => {
  const shared = { 'a "name"': [1, { deep: null }] };
  const circle: Record<string, unknown> = { shared, at: new Date(0), text: 'text', nothing: undefined };
  circle.itself = circle;
  circle.list = [shared, circle, [shared['a "name"']], true, () => 1];
  const given = { circle, again: { shared }, toJSON: 'no function' };

  expect(JSON.stringify(decycle(given))).toBe(JSON.stringify(ofOsls.decycle(given)));
});
