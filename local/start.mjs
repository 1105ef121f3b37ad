// npm start: runs local/main.ts as it is, without a transpiler. Node 24 strips the types by itself and caches what it
// compiles; imports without a file extension are all that it does not resolve.
import module from 'node:module';
import { join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `cordon: Node ${process.versions.node} is not the Node 24 of the project: run npm start\n`,
  );
  process.exit(1);
}
module.enableCompileCache(join(import.meta.dirname, '..', 'dist', 'compile-cache'));
module.registerHooks({
  resolve(specifier, context, resolveNext) {
    const isOwn = /^\.\.?\//.test(specifier) && context.parentURL?.endsWith('.ts');
    return resolveNext(isOwn && !/\.\w+$/.test(specifier) ? `${specifier}.ts` : specifier, context);
  },
});
await import('./main.ts');
