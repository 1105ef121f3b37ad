import { readdirSync, readFileSync } from 'node:fs';
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

describe('the costs page', () => {
  it('has a calculation in each row of its tables', () => {
    const bodies = text.split('\n').filter((line) => /^\| (?!what|-)/.test(line));

    expect(rows.length).toBeGreaterThan(10);
    expect(rows).toHaveLength(bodies.length);
  });

  it('multiplies correctly', () => {
    for (const { product, sum, decimals } of rows)
      expect(product.toFixed(decimals)).toBe(sum.toFixed(decimals));
  });

  it('adds correctly', () => {
    const together = Number(/Together \$([\d.]+)/.exec(text)?.[1]);
    const fleet = rows.slice(0, 9).reduce((sum, row) => sum + row.sum, 0);

    expect(fleet.toFixed(2)).toBe(together.toFixed(2));
  });

  it('counts the metrics that the alarms of the template look at', () => {
    const file = join(root, '.serverless', 'cloudformation-template-update-stack.json');
    const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as {
      Resources: Record<string, { Type: string; Properties: { Metrics?: readonly object[] } }>;
    };
    const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    // AWS bills an alarm on a sum by each metric of the sum, not by the alarm.
    const metrics = alarms.flatMap(
      ({ Properties: { Metrics } }) => Metrics?.filter((metric) => 'MetricStat' in metric) ?? [{}],
    );

    expect(text).toContain(`alarms of the template (${alarms.length}), by the metrics they look at `);
    expect(text).toContain(`| ${metrics.length} × $0.10 `);
  });

  it('counts the metrics that functions write', () => {
    const names = readdirSync(join(root, 'functions'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const source = readFileSync(join(root, 'functions', name), 'utf8');
        return [...source.matchAll(/\b(?:count|time)\('([A-Z]\w+)'|'(Violation[A-Z]\w+)'/g)];
      })
      .map(([, written, counter]) => written ?? counter);

    expect(names).toContain('SweepRun');
    expect(text).toContain(`write, ${new Set(names).size} names, `);
    expect(text).toContain(`| ${new Set(names).size} × $0.30 `);
  });
});
