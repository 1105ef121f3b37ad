import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { TemplateError } from '../../local/aws/cloudformation/template';
import { explain } from '../../local/explain';
import { StartError } from '../../local/start-error';

describe('what npm start says of an error that ended it', () => {
  it('is the text of an error that says what to do', () => {
    expect(explain(new StartError('do this'))).toBe('do this');
  });

  it('is the variable to change if a port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const [error] = await once(createServer().listen(port, '127.0.0.1'), 'error').catch((thrown) => [thrown]);
    taken.close();

    expect(explain(error)).toMatch(
      new RegExp(
        `^cannot open a port \\(listen EADDRINUSE.*:${port}\\): set CORDON_PORT or CORDON_MQTT_PORT to a free`,
      ),
    );
  });

  it('is a range if a port is one for root alone', () => {
    const error = Object.assign(new Error('listen EACCES: permission denied 127.0.0.1:80'), {
      code: 'EACCES',
      syscall: 'listen',
    });

    expect(explain(error)).toBe(
      'cannot open a port (listen EACCES: permission denied 127.0.0.1:80): set CORDON_PORT or CORDON_MQTT_PORT to one from 1024, or leave them out',
    );
  });

  it('is what to bring up if the machine does not reach itself', () => {
    const error = new TemplateError([
      'QuarantineRemoval (Custom::QuarantineRemoval): its function failed: Error: connect ENETUNREACH 127.0.0.1:44073',
    ]);

    expect(explain(error)).toBe(
      `${error.message}: the loopback interface is down: bring it up (ip link set lo up)`,
    );
  });

  it('is the stack of any other error, for a report', () => {
    expect(explain(new TypeError('x'))).toMatch(/^TypeError: x\n {4}at /);
    expect(explain('text')).toBe('text');
  });
});
