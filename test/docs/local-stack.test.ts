import { iotRoutes } from '../../local/aws/iot/control-plane';
import { aRegistry } from '../local/aws/iot/builders';
import { listPages, listSpans } from './pages';

const page = listPages().find(({ path }) => path === 'docs/local-stack.md');

describe('docs/local-stack.md', () => {
  it('lists the operations of the IoT control plane that the stack serves', () => {
    const [, section = ''] = page?.text.split('### Operations of the IoT control plane\n') ?? [];
    const [list = ''] = section.split('\nAny other operation');
    const served = iotRoutes(aRegistry()).map(({ operation }) => operation);

    expect(listSpans({ path: '', text: list }).toSorted()).toEqual(served.toSorted());
  });
});
