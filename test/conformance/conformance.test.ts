import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readExamples } from '../../cli/detect/file';
import { compare } from '../../cli/detect/run';

const folder = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));

describe.each(files)('%s', (file) => {
  it.each(readExamples(join(folder, file)).map((example) => [example.name, example] as const))(
    '%s',
    (_, example) => {
      expect(example.alerts).toBeDefined();
      expect(compare(example).differences).toEqual([]);
    },
  );
});
