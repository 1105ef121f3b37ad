import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages';

const text = readFileSync(join(root, 'docs', 'costs.md'), 'utf8');
const rows = [...text.matchAll(/^\|.*\| +([\d.]+) (?:M )?× \$([\d.]+)(?: \/ M)? +\| +\$([\d.]+) +\|$/gm)].map(
  ([, count, price, sum = '']) => ({
    product: Number(count) * Number(price),
    sum: Number(sum),
    decimals: sum.split('.')[1]?.length ?? 0,
  }),
);

describe('the page of costs', () => {
  it('has arithmetic in each row of its tables', () => {
    const bodies = text.split('\n').filter((line) => /^\| (?!what|-)/.test(line));

    expect(rows.length).toBeGreaterThan(10);
    expect(rows).toHaveLength(bodies.length);
  });

  it('multiplies right', () => {
    for (const { product, sum, decimals } of rows)
      expect(product.toFixed(decimals)).toBe(sum.toFixed(decimals));
  });

  it('adds right', () => {
    const together = Number(/Together \$([\d.]+)/.exec(text)?.[1]);
    const fleet = rows.slice(0, 9).reduce((sum, row) => sum + row.sum, 0);

    expect(fleet.toFixed(2)).toBe(together.toFixed(2));
  });

  it('counts the alarms that the template has', () => {
    const file = join(root, '.serverless', 'cloudformation-template-update-stack.json');
    const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');

    expect(text).toContain(`| ${alarms.length} × $0.10 `);
  });
});
