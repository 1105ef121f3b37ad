/** cordon.yml, validated when packaging and put beside the bundle by infra/deploy/artifacts-plugin.cjs. */
declare module 'cordon:configuration' {
  export const configuration: import('./config/schema').FileConfiguration;
}

/** cordon.yml as text, put beside the bundle of `operate` in the same way. */
declare module 'cordon:source' {
  export const source: import('./config/parameters').Source;
}

/** The OpenAPI document of the HTTP API as JSON, written when packaging (infra/openapi/openapi.ts). */
declare module 'cordon:openapi' {
  export const openApi: string;
}

/** The built page of the console (scripts/build-console.mjs), each file compressed with Brotli as base64. */
declare module 'cordon:console' {
  export const files: Readonly<
    Record<
      string,
      { readonly headers: Readonly<Record<string, string>>; readonly etag: string; readonly brotli: string }
    >
  >;
}
