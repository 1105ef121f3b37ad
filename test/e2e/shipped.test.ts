import { testAgent } from './shipped/agent';
import { testBadInput } from './shipped/bad-input';
import { testDeviceInput } from './shipped/device-input';
import { testEnforcement } from './shipped/enforcement';
import { testOperate } from './shipped/operate';
import { testOperatorRights } from './shipped/operator-rights';
import { testOtherClients } from './shipped/other-clients';
import { resetFleetLimit, useShippedStack } from './shipped/stack';
import { testUpgrade } from './shipped/upgrade';

useShippedStack();

describe.each([
  // Comes first: it reads the messages of one case and the list of all agents, and a storm of cases gets only one
  // message.
  ['operators', testOperate],
  ['the documented rights', testOperatorRights],
  ['what nobody can read', testBadInput],
  ['devices', testDeviceInput],
  ['agents of others', testOtherClients],
  ['its own agent', testAgent],
  ['contained devices', testEnforcement],
  // Replaces the code of the functions.
  ['a later deploy', testUpgrade],
])('the stack of the shipped cordon.yml, facing %s:', (_what, test) => {
  beforeAll(resetFleetLimit);
  test();
});
