/** esbuild puts these in (infra/bundling/build-agent.mjs); the sources by themselves have none. */
declare const CORDON_DEFAULT_METRICS: readonly string[] | undefined;
declare const CORDON_AGENT_VERSION: string | undefined;

export const defaultMetrics: readonly string[] =
  typeof CORDON_DEFAULT_METRICS === 'undefined' ? [] : CORDON_DEFAULT_METRICS;

export const agentVersion: string =
  typeof CORDON_AGENT_VERSION === 'undefined' ? '0.0.0' : CORDON_AGENT_VERSION;
