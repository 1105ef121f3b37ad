// The package of each function: its bundle, and what it reads of cordon.yml beside it. A checkout bundles the functions; the npm
// package brings them.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { zipSync } = require('fflate');
const loadTypescript = require('../bundling/load-typescript.cjs');

/**
 * The time of each file in an archive, always the same, so that the same code makes the same package. Archives have
 * local time.
 */
const mtime = new Date(1980, 0, 1);

class MakeArtifacts {
  constructor(serverless) {
    /** The SHA-256 of each function's package, as Lambda shows it. */
    const hashes = new Map();
    this.hooks = {
      'before:package:createDeploymentArtifacts': async () => {
        const { configurationFile, loadConfiguration, readSource } = loadTypescript('shared/config/load.ts');
        const { serviceDir, service } = serverless;
        const settings = {
          'configuration.json': loadConfiguration(configurationFile(), service.custom.cordon),
          'source.json': readSource(configurationFile(), service.custom.cordon),
        };
        const bundles = await findBundles(serviceDir);
        const folder = join(serviceDir, '.serverless');
        mkdirSync(folder, { recursive: true });
        for (const [name, definition] of Object.entries(service.functions)) {
          const place = dirname(definition.handler);
          const artifact = join(folder, `${name}.zip`);
          const bundle = readFileSync(join(bundles, place, 'index.mjs'), 'utf8');
          const zip = zipBundle(place, bundle, settings);
          writeFileSync(artifact, zip);
          hashes.set(name, createHash('sha256').update(zip).digest('base64'));
          definition.package = { ...definition.package, artifact };
        }
      },

      // `cordon doctor` compares it with the code that runs.
      'after:package:compileFunctions': () => {
        const { naming } = serverless.getProvider('aws');
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        for (const [name, CodeSha256] of hashes)
          Resources[naming.getLambdaLogicalId(name)].Metadata = { CodeSha256 };
      },
    };
  }
}

function findBundles(serviceDir) {
  const shipped = join(serviceDir, 'bundles');
  return existsSync(shipped) ? shipped : require('../bundling/bundle-functions.cjs').bundleOnce(serviceDir);
}

function zipBundle(place, bundle, settings) {
  const encoder = new TextEncoder();
  const files = {
    [`${place}/index.mjs`]: encoder.encode(bundle),
    ...Object.fromEntries(
      Object.entries(settings)
        // Only the functions that read it.
        .filter(([name]) => bundle.includes(name))
        .map(([name, value]) => [`${place}/${name}`, encoder.encode(JSON.stringify(value))]),
    ),
  };
  return zipSync(files, { mtime, os: 3, attrs: 0o644 << 16 });
}

module.exports = MakeArtifacts;
