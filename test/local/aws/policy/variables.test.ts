// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written ${so}.
import * as fc from 'fast-check';
import { compilePattern } from '../../../../local/aws/policy/variables';

const matches = (pattern: string, text: string, context = new Map<string, string>()) =>
  compilePattern(pattern, true)(context)?.(text);

describe('a pattern of a policy', () => {
  it('agrees with a regular expression on every pattern and text', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 12 });
    await fc.assert(
      fc.property(text, text, (pattern, candidate) => {
        const source = pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]');
        expect(matches(pattern, candidate)).toBe(new RegExp(`^${source}$`).test(candidate));
      }),
    );
  });

  it('is never widened by the value of a variable', async () => {
    await fc.assert(
      fc.property(fc.string(), fc.string(), (clientId, other) => {
        const context = new Map([['iot:clientid', clientId]]);
        expect(matches('t/${iot:ClientId}', `t/${other}`, context)).toBe(clientId === other);
      }),
    );
  });
});
