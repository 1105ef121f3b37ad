/** cordon.yml, validated when packaging and put beside the bundle by infra/esbuild-plugins.cjs. */
declare module 'cordon:configuration' {
  export const configuration: import('./config/schema').FileConfiguration;
}
