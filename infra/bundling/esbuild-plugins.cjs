const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const loadTypescript = require('./load-typescript.cjs');

/**
 * Has each bundle that imports `cordon:configuration` read the validated cordon.yml from a file beside it, and the text of
 * cordon.yml in the same way. Another cordon.yml changes these files only, not the code.
 */
const settingsPlugin = {
  name: 'cordon-settings',
  setup(build) {
    build.onResolve({ filter: /^cordon:(configuration|source)$/ }, ({ path }) => ({
      path: path.slice('cordon:'.length),
      namespace: 'cordon',
    }));
    build.onLoad({ filter: /.*/, namespace: 'cordon' }, ({ path: name }) => ({
      contents: `import { readFileSync } from 'node:fs';
        const file = new URL('${name}.json', import.meta.url);
        export const ${name} = JSON.parse(readFileSync(file, 'utf8'));`,
      loader: 'js',
    }));
  },
};

/**
 * Lambda hands a function its role's credentials in the environment, so the chain of other sources (SSO, files, EC2
 * metadata) would be 100 KB that never runs.
 */
const credentialsPlugin = {
  name: 'lambda-credentials',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: 'lambda-credentials',
      namespace: 'lambda-credentials',
      pluginData: resolveDir,
    }));
    build.onLoad({ filter: /.*/, namespace: 'lambda-credentials' }, ({ pluginData }) => ({
      contents:
        "import { fromEnv } from '@aws-sdk/credential-provider-env'; export const defaultProvider = () => fromEnv();",
      resolveDir: pluginData,
    }));
  },
};

const schemas = /client-(dynamodb|ssm|iot|iot-data-plane|sns|sqs)[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/;
const errorSchema =
  /^export var (?!ConditionalCheckFailed)\w+\$ = \[-3, n0,[^;]*;\nn0_registry\.registerError\(\w+\$, \w+\);$/gm;

/**
 * Leaves out the parts of the AWS clients that functions never use.
 *
 * The schema of an operation has computed keys (`{ [_h]: ["GET", ...] }`), which a bundler can't drop since making a key
 * may run code; as the literals that they are, it drops the operations that nobody calls: 100 KB of AWS IoT.
 *
 * The clients of DynamoDB, SSM, IoT, its data plane and SQS bring a class and a shape for each of their errors, 60 KB of
 * SSM for one call. Of an error that is not registered the SDK makes its base class with the same name and message, which
 * is all that shared/aws asks for; shared/storage asks for the class of a failed condition, which is kept. SNS, which
 * speaks XML, gives such an error another name, so its errors stay.
 */
const unusedSchemasPlugin = {
  name: 'unused-schemas',
  setup(build) {
    build.onLoad({ filter: schemas }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const literals = new Map(
        [...text.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, value]) => [name, value]),
      );
      const keyed = text.replaceAll(/\[(_\w+)\]:/g, (key, name) => `${literals.get(name) ?? key}:`);
      const keepsErrors = /client-sns/.test(path);
      const contents = keepsErrors ? keyed : keyed.replaceAll(errorSchema, '');
      if (/\[_\w+\]:/.test(contents) || keyed === text || (contents === keyed && !keepsErrors))
        throw new Error(
          `${path}: this version of the AWS SDK writes its schemas in another form: adapt unusedSchemasPlugin in infra/bundling/esbuild-plugins.cjs`,
        );
      return { contents, loader: 'js' };
    });
  },
};

/**
 * The client of DynamoDB keeps the endpoints that it discovers in a cache of 7 KB. A function uses one endpoint, and
 * discovers none unless its environment says so, so a map does.
 */
const endpointCachePlugin = {
  name: 'endpoint-cache',
  setup(build) {
    build.onResolve({ filter: /^mnemonist\/lru-cache$/ }, ({ path }) => ({
      path,
      namespace: 'endpoint-cache',
    }));
    build.onLoad({ filter: /.*/, namespace: 'endpoint-cache' }, () => ({
      contents:
        'export default class extends Map { constructor() { super(); } peek(key) { return this.get(key); } }',
    }));
  },
};

/** The OpenAPI document as text: what makes it, and the schemas of the answers, stay out of the bundle. */
const openApiPlugin = {
  name: 'cordon-openapi',
  setup(build) {
    build.onResolve({ filter: /^cordon:openapi$/ }, ({ path }) => ({ path, namespace: 'cordon-openapi' }));
    build.onLoad({ filter: /.*/, namespace: 'cordon-openapi' }, () => {
      const { writeOpenApi } = loadTypescript('infra/openapi/openapi.ts');
      return { contents: JSON.stringify({ openApi: JSON.stringify(writeOpenApi()) }), loader: 'json' };
    });
  },
};

/** The built page: each file compressed, with its headers. */
const consolePlugin = {
  name: 'cordon-console',
  setup(build) {
    build.onResolve({ filter: /^cordon:console$/ }, ({ path }) => ({ path, namespace: 'cordon-console' }));
    build.onLoad({ filter: /.*/, namespace: 'cordon-console' }, () => {
      const root = join(__dirname, '..', '..');
      const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build-console.mjs')], {
        encoding: 'utf8',
      });
      if (status !== 0)
        throw new Error(`the console could not be built by scripts/build-console.mjs:\n${stderr}`);
      return { contents: readFileSync(join(root, 'dist', 'console', 'packed.json'), 'utf8'), loader: 'json' };
    });
  },
};

module.exports = [
  openApiPlugin,
  consolePlugin,
  settingsPlugin,
  credentialsPlugin,
  unusedSchemasPlugin,
  endpointCachePlugin,
];
