import { actionNames, descriptorOf } from '../../../shared/domain/actions/registry';
import { mitigations } from '../../../shared/mitigation/registry';
import { aConfiguration } from '../../builders';

describe.each(actionNames)('the descriptor of %s', (action) => {
  it('says whether it has rights only if a playbook names it', () => {
    const { whenNamed = [] } = mitigations[action].rights(aConfiguration());

    expect(descriptorOf(action).needsNaming ?? false).toBe(whenNamed.length > 0);
  });
});
