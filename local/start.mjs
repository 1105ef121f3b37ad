// npm start: runs local/main.ts.
import { runTypeScript } from './native-typescript.mjs';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `cordon: Node ${process.versions.node} is not the Node 24 of the project: run npm start\n`,
  );
  process.exit(1);
}
runTypeScript();
await import('./main.ts');
