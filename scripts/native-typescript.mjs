// Has Node run a script in TypeScript: node --import ./scripts/native-typescript.mjs SCRIPT
import { runTypeScript } from '../local/native-typescript.mjs';

runTypeScript();
