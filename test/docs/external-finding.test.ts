import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { readExternal } from '../../shared/domain/findings/sources/ocsf';
import { detectionFinding } from '../../shared/domain/findings/sources/ocsf-schema';
import { account } from '../builders';

const docs = join(import.meta.dirname, '..', '..', 'docs');

it('the JSON schema in docs is the one that reads findings of other products', () => {
  const schema = JSON.parse(readFileSync(join(docs, 'external-finding.schema.json'), 'utf8'));

  expect(schema).toEqual({
    title: 'What Cordon reads of an OCSF Detection Finding, version 1',
    ...z.toJSONSchema(detectionFinding, { io: 'input' }),
  });
});

it('the example in docs is accepted', () => {
  const [, example = ''] =
    /```json\n(.*?)```/s.exec(readFileSync(join(docs, 'external-findings.md'), 'utf8')) ?? [];
  const finding = JSON.parse(example);

  expect(
    readExternal(finding, {
      source: 'siem',
      maxAge: 1,
      arrivedAt: finding.time,
      own: { ...account, account: '123456789012', region: 'eu-west-1' },
    }),
  ).toMatchObject([{ kind: 'findings', findings: [{ thingName: 'mything1', severity: 'high' }] }]);
});
