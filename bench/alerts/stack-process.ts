import { startStack } from '../../local/stack';

/** The message of the started stack to the process that measures it. */
export interface StackReady {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly outputs: Readonly<Record<string, string>>;
  /** Where devices connect, and whom they trust. */
  readonly mqtt: { readonly port: number; readonly ca: string };
}

/** A message of the process while it runs. */
export interface StackNews {
  readonly failedInvocation: true;
}

/** As local/aws/lambda/event-source.ts logs a function that was killed or threw. */
const failedInvocation = 'invocation failed';

/*
 * The local stack in a process of its own, so that its CPU time is measured apart from that of the load. It ends when the
 * channel to its parent does; a terminal's Ctrl-C reaches this process too and is the parent's to handle.
 */
const [stateDirectory = '', artifactsDirectory = '', maxConcurrency = '', deliveryMs = '0'] =
  process.argv.slice(2);
process.on('SIGINT', () => undefined);

const stack = await startStack({
  gatewayPort: 0,
  mqttPort: 0,
  policyCacheSeconds: 0,
  stateDirectory,
  artifactsDirectory,
  maxConcurrency: Number(maxConcurrency),
  deliveryMs: Number(deliveryMs),
  log: {
    info: () => undefined,
    warn: (message) => {
      if (message === failedInvocation) process.send?.({ failedInvocation: true } satisfies StackNews);
    },
  },
});
process.once('disconnect', () => {
  stack.close().then(
    () => process.exit(),
    () => process.exit(1),
  );
});
const { gateway } = stack.aws;
const ready: StackReady = {
  endpoint: gateway.url,
  region: stack.identity.region,
  credentials: gateway.operatorCredentials,
  outputs: stack.deployed.outputs,
  mqtt: { port: stack.broker.port, ca: stack.ca.certificatePem },
};
process.send?.(ready);
