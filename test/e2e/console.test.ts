import { testActing } from './console/acting';
import { testAuditAndRules } from './console/audit-and-rules';
import { testConnection } from './console/connection';
import { testManyCases } from './console/many-cases';
import { testReading } from './console/reading';
import { testRights } from './console/rights';
import { useConsole } from './console/stack';

const at = useConsole();

describe('the console', () => {
  testReading(at);
  testActing(at);
  testAuditAndRules(at);
  testConnection(at);
  testManyCases(at);
  testRights(at);

  it('asked no other origin, broke no policy and threw nothing in all of this', () => {
    expect(at.misdeeds).toEqual([]);
  });
});
