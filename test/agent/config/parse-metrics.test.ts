import { DefinitionError, labelOf } from '../../../agent/config/metric-definition';
import { childrenOf, definitionByName } from '../../../agent/config/metric-names';
import { parseMetrics } from '../../../agent/config/parse-metrics';

const ok = { collect: 'children', of: { name: 'myapp' } };

describe('parseMetrics', () => {
  it('reads every way to collect a metric', () => {
    expect(
      parseMetrics({
        num_child_procs_app: { collect: 'children', of: { name: 'my.app' } },
        child_names: { collect: 'child-names', of: { executable: '/opt/myapp/bin/myapp' } },
        talks_to: { collect: 'remote-addresses', of: { unit: 'myapp.service' } },
        load: { collect: 'cpu-percent', of: { script: 'app.js' } },
        memory: { collect: 'memory' },
        disk: { collect: 'exec', command: ['/usr/bin/disk', '-p', ''] },
        peers: {
          collect: 'exec',
          command: ['/usr/bin/peers'],
          type: 'ip-address-list',
          everySeconds: 10,
          timeoutSeconds: 2,
        },
      }),
    ).toEqual([
      { metric: 'num_child_procs_app', collect: 'children', of: { name: 'my.app' } },
      { metric: 'child_names', collect: 'child-names', of: { executable: '/opt/myapp/bin/myapp' } },
      { metric: 'talks_to', collect: 'remote-addresses', of: { unit: 'myapp.service' } },
      { metric: 'load', collect: 'cpu-percent', of: { script: 'app.js' } },
      { metric: 'memory', collect: 'memory' },
      {
        metric: 'disk',
        collect: 'exec',
        command: ['/usr/bin/disk', '-p', ''],
        type: 'number',
        everySeconds: 60,
        timeoutSeconds: 5,
      },
      {
        metric: 'peers',
        collect: 'exec',
        command: ['/usr/bin/peers'],
        type: 'ip-address-list',
        everySeconds: 10,
        timeoutSeconds: 2,
      },
    ]);
  });

  const exec = { collect: 'exec', command: ['/bin/x'] };
  it.each<[string, unknown]>([
    ['metrics: must be an object', [ok]],
    ['metrics: must be an object', null],
    ['metrics.aws:x: a metric has', { 'aws:x': ok }],
    ['metrics.a.b: a metric has', { 'a.b': ok }],
    ['metrics.m: must be an object', { m: 'children' }],
    ['metrics.m.collect: must be one of', { m: { collect: 'ports' } }],
    ['metrics.m.every: unknown', { m: { ...ok, every: 5 } }],
    ['metrics.m.of: must be an object', { m: { collect: 'children' } }],
    ['metrics.m.of: give one', { m: { collect: 'children', of: { name: 'a', unit: 'a.service' } } }],
    ['metrics.m.of: give one', { m: { collect: 'children', of: {} } }],
    ['metrics.m.of.pid: unknown', { m: { collect: 'children', of: { pid: 1 } } }],
    ['metrics.m.of.name: must be the file name', { m: { collect: 'children', of: { name: '/bin/app' } } }],
    ['metrics.m.of.name: must be the file name', { m: { collect: 'children', of: { name: 'a\0b' } } }],
    [
      'metrics.m.of.executable: must be the absolute',
      { m: { collect: 'memory', of: { executable: 'app' } } },
    ],
    [
      'metrics.m.of.unit: must be a systemd unit',
      { m: { collect: 'children', of: { unit: '../x.service' } } },
    ],
    ['metrics.m.of.unit: must be a systemd unit', { m: { collect: 'children', of: { unit: 'a.slice' } } }],
    ['metrics.m.command: must be a list', { m: { ...exec, command: 'echo 1' } }],
    ['metrics.m.command: must be a list', { m: { ...exec, command: ['echo', '1'] } }],
    ['metrics.m.command: must be a list', { m: { ...exec, command: [] } }],
    ['metrics.m.type: must be number', { m: { ...exec, type: 'text' } }],
    ['metrics.m.everySeconds: must be a whole', { m: { ...exec, everySeconds: 0.5 } }],
    ['metrics.m.timeoutSeconds: must be a whole', { m: { ...exec, timeoutSeconds: 61 } }],
  ])('says %s', (message, section) => {
    expect(() => parseMetrics(section)).toThrow(DefinitionError);
    expect(() => parseMetrics(section)).toThrow(message);
  });

  it('refuses more metrics than an account may have', () => {
    const metrics = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`m${index}`, ok]));

    expect(() => parseMetrics(metrics)).toThrow('metrics: at most 100');
  });
});

describe('definitionByName', () => {
  it.each([
    ['num_child_procs_myapp', { collect: 'children', of: { name: 'myapp' } }],
    ['child_names_myapp', { collect: 'child-names', of: { name: 'myapp' } }],
    ['remote_addresses_myapp', { collect: 'remote-addresses', of: { name: 'myapp' } }],
    ['cpu_percent_myapp', { collect: 'cpu-percent', of: { name: 'myapp' } }],
    ['memory_bytes_myapp', { collect: 'memory', of: { name: 'myapp' } }],
    ['cpu_usage', { collect: 'cpu-percent' }],
    ['memory_usage', { collect: 'memory' }],
  ])('knows %s', (metric, definition) => {
    expect(definitionByName(metric)).toEqual({ metric, ...definition });
  });

  it.each([['num_child_procs_'], ['temperature'], ['']])('returns no definition for %j', (metric) => {
    expect(definitionByName(metric)).toBeUndefined();
  });
});

describe('childrenOf', () => {
  it.each([['my.app'], ['my app']])('gives %j a metric that Device Defender takes', (name) => {
    expect(childrenOf(name)).toEqual({
      metric: 'num_child_procs_my_app',
      collect: 'children',
      of: { name },
    });
  });

  it.each([['bin/app'], [''], ['x'.repeat(113)]])('refuses %j', (name) => {
    expect(() => childrenOf(name)).toThrow(DefinitionError);
  });
});

describe('labelOf', () => {
  it.each([
    ['myapp', { name: 'myapp' }],
    ['/opt/myapp', { executable: '/opt/myapp' }],
    ['myapp.service', { unit: 'myapp.service' }],
    ['script app.js', { script: 'app.js' }],
  ])('is %s', (label, selector) => {
    expect(labelOf(selector)).toBe(label);
  });
});
