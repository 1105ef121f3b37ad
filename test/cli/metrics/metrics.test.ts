import { join } from 'node:path';
import { writeSparkline } from '../../../cli/look/sparkline';
import { plain } from '../../../cli/look/style';
import { readBounds } from '../../../cli/metrics/bounds';
import { listMetrics, type MetricReader, showMetric } from '../../../cli/metrics/metrics';
import type { MetricValue } from '../../../shared/domain/findings/violation';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';

const metric = 'num_child_procs_myapp';
const bounds = readBounds(metric, join(import.meta.dirname, '..', '..', '..', 'cordon.yml'));
const hour = 3_600_000;

/** Values of an hour each, oldest first, in pages of two. */
function aReader(values: readonly MetricValue[]): MetricReader {
  const all = values.map((value, index) => ({ at: now - (values.length - index) * hour, value }));
  return {
    listMetrics: async () => {
      const newest = all.at(-1);
      return newest ? [{ metric, ...newest }] : [];
    },
    async readDatapoints({ from, to }) {
      const found = all.filter(({ at }) => at >= from && at <= to);
      const next = found[2];
      return { datapoints: found.slice(0, 2), ...(next && { nextFrom: next.at }) };
    },
  };
}

const counts = [0, 0, 3, 1, 0].map((number) => ({ number }));
const show = async (reader: MetricReader, over: object = {}, screen = plain) =>
  (await showMetric('mything1', metric, { since: 8 * hour, ...over }, reader, bounds, screen, now)).split(
    '\n',
  );

describe('the values of a metric', () => {
  it('are drawn over time, with what is normal and when they changed', async () => {
    const lines = await show(aReader(counts), {}, { ...plain, width: 40 });

    expect(lines).toEqual([
      `${metric} of mything1: 5 values since ${new Date(now - 8 * hour).toISOString()}`,
      '|              ▁    ▁   █    ▃    ▁    |',
      'least 0, greatest 3',
      'myapp-processes/no-child-processes: 0 child processes of myapp; at most 0 is normal',
      'SINCE                     VALUE',
      `${new Date(now - hour).toISOString()}  0`,
      `${new Date(now - 2 * hour).toISOString()}  1`,
      `${new Date(now - 3 * hour).toISOString()}  3`,
      `${new Date(now - 5 * hour).toISOString()}  0`,
    ]);
  });

  it('mark what is out of bounds', async () => {
    const red: string[] = [];
    const paint = (format: unknown, text: string) => {
      if (format === 'red') red.push(text);
      return text;
    };

    await show(aReader(counts), {}, { ...plain, paint });

    expect(red).toEqual(['█', '▃', '1', '3']);
  });

  it('are JSON for a program', async () => {
    const [text] = [(await show(aReader(counts), { json: true })).join('\n')];

    expect(JSON.parse(text)).toMatchObject({ thingName: 'mything1', metric, values: { length: 5 } });
  });

  it('may be lists, of which the length is drawn, and hostile text', async () => {
    const lists = [{ strings: ['a', 'b\u001b[2J\u202e'] }, { strings: [] }];

    const text = (await show(aReader(lists))).join('\n');

    expect(text).toContain('least 0, greatest 2');
    expect(text).toContain('a, b\uFFFD[2J\uFFFD');
    for (const character of ['\u001b', '\u202e']) expect(text).not.toContain(character);
  });

  it('are missing with a reason', async () => {
    await expect(show(aReader([]))).rejects.toThrow(/^no values of mything1 are stored: /);
    await expect(show(aReader(counts), { since: 60_000 })).rejects.toThrow(
      'ask further back with --since 7d',
    );
    const other = { ...aReader([]), listMetrics: aReader(counts).listMetrics };
    await expect(
      showMetric('mything1', 'x', { since: hour }, other, { behaviors: new Map() }, plain, now),
    ).rejects.toThrow(`mything1 has no values of x, but of ${metric}`);
  });
});

describe('the metrics of a thing', () => {
  it('are listed with their newest value', async () => {
    const text = await listMetrics(thingKey('mything1'), {}, aReader(counts), plain, now);

    expect(text.split('\n')).toEqual([
      'METRIC                 AGE  NEWEST VALUE',
      'num_child_procs_myapp   1h  0 child processes of myapp',
    ]);
  });
});

describe('a sparkline', () => {
  it('has a character for each value, from the least to the greatest', () => {
    expect(writeSparkline([0, 1, 2, 3, 4, 5, 6, 7]).join('')).toBe('▁▂▃▄▅▆▇█');
    expect(writeSparkline([5, undefined, 5]).join('')).toBe('▁ ▁');
    expect(writeSparkline([]).join('')).toBe('');
  });
});
