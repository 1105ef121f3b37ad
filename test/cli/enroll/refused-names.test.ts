import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrollOptions, enroll } from '../../../cli/enroll/enroll';
import { readList } from '../../../cli/enroll/enroll-many';
import { exitCodes } from '../../../cli/exit-codes';
import { aConfiguration } from '../../builders';

/** No call may come before the name is checked. */
const nobody = new Proxy(
  {},
  { get: (_, name) => () => Promise.reject(new Error(`asked for ${String(name)}`)) },
);
const options = { folder: '/nowhere', scope: 'fleet', topics: [], rotate: false } as unknown as EnrollOptions;

const enrollNamed = (name: string, over: Partial<EnrollOptions> = {}) =>
  enroll(name, { ...options, ...over }, aConfiguration(), {
    ...{ stage: 'dev', isLocal: false, registry: nobody as never, cases: nobody as never },
  });

describe('a wrong name is wrong usage', () => {
  it.each([
    ['ends like the client id of an agent', 'mything1-cordon', /ends with -cordon/],
    ['leaves no room for the client id of its agent', 'x'.repeat(128), /is too long/],
    ['is one of cordon drill', 'cordon-drill-1', /begins with cordon-drill-/],
    ['is no thing name', 'my thing', /is not a thing name/],
    ['is that of the heartbeat', 'cordon-heartbeat', /heartbeat/],
  ])('if it %s', async (_, name, message) => {
    await expect(enrollNamed(name)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: exitCodes.usage,
    });
  });

  it('if AWS IoT accepts no policy of that name', async () => {
    await expect(enrollNamed('mything1', { policyName: 'a b' })).rejects.toMatchObject({
      exitCode: exitCodes.usage,
    });
  });

  it('if the policy of the thing would have too long a name, which the operator can give', async () => {
    await expect(enrollNamed('x'.repeat(115), { scope: 'thing' })).rejects.toMatchObject({
      message: expect.stringMatching(/it would be too long, so give a shorter one with --policy-name$/),
      exitCode: exitCodes.usage,
    });
  });

  it.each([
    ['a name that is none', 'a\nb c\n', /:2: "b c" is not a thing name/],
    ['a name twice', 'a\na\n', /:2: a is already on line 1/],
    ['no name', '# none\n', /has no thing names/],
  ])('in a list with %s', (_, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-list-'));
    const file = join(folder, 'list');
    try {
      writeFileSync(file, text);
      expect(() => readList(file)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(message), exitCode: exitCodes.usage }),
      );
      expect(() => readList(join(folder, 'missing'))).toThrow(
        expect.objectContaining({ exitCode: exitCodes.usage }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
