import { testActing } from './console/acting';
import { testAuditAndRules } from './console/audit-and-rules';
import { testConnection } from './console/connection';
import { testKeyboard } from './console/keyboard';
import { testManyCases } from './console/many-cases';
import { testNarrow } from './console/narrow';
import { testReading } from './console/reading';
import { testRights } from './console/rights';
import { useConsole } from './console/stack';
import { testSteady } from './console/steady';

const at = useConsole();

describe('the console', () => {
  testReading(at);
  testActing(at);
  testAuditAndRules(at);
  testConnection(at);
  testSteady(at);
  testManyCases(at);
  testNarrow(at);
  testKeyboard(at);
  testRights(at);

  it('contacts no other origin, violates no policy and throws no error in all of this', () => {
    expect(at.misdeeds).toEqual([]);
  });
});
