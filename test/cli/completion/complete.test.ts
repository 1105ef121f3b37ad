import { spawnSync } from 'node:child_process';
import { complete, writeProposals } from '../../../cli/completion/complete';
import { writeScript } from '../../../cli/completion/scripts';
import { openThings } from '../../../cli/completion/things';
import { buildProgram } from '../../../cli/program';
import { aContainedCase, aTable } from '../stored-cases';

const { program } = buildProgram();
const asked: string[][] = [];
const propose = async (line: string) =>
  (
    await complete(program, line, async (command, prefix) => {
      asked.push([command, prefix]);
      return ['mything1', 'plant:7'];
    })
  ).map(({ value }) => value);

describe('completion', () => {
  it('proposes all commands, or those that begin with the typed letters', async () => {
    expect(await propose('cordon ')).toEqual(
      expect.arrayContaining(['list', 'show', 'approve', 'completion']),
    );
    expect(await propose('cordon ')).not.toContain('complete');
    expect(await propose('cordon --stage prod li')).toEqual(['list']);
    expect(await propose('cordon help hist')).toEqual(['history']);
  });

  it('proposes options of the command and of the program, and values of an option that has choices', async () => {
    expect(await propose('cordon list --s')).toEqual(['--status', '--severity', '--since', '--stage']);
    expect(await propose('cordon export x --format ')).toEqual(['json', 'ocsf']);
    expect(await propose('cordon completion z')).toEqual(['zsh']);
    expect(await propose('cordon list --status con')).toEqual([
      'containment-failed',
      'containing',
      'contained',
    ]);
    expect(await propose('cordon approve --all --severity high,')).toEqual([
      'high,critical',
      'high,medium',
      'high,low',
    ]);
  });

  it('proposes things if a command takes them, and nothing if a file or a text is expected', async () => {
    asked.length = 0;

    expect(await propose('cordon release ')).toEqual(['mything1', 'plant:7']);
    expect(await propose('cordon release mything1 --comment "a b" pl')).toEqual(['plant:7']);
    expect(await propose('cordon show my')).toEqual(['mything1']);
    expect(await propose('cordon list --thing my')).toEqual(['mything1']);
    expect(asked).toEqual([
      ['release', ''],
      ['release', 'pl'],
      ['show', 'my'],
      ['list', 'my'],
    ]);
    for (const line of [
      'cordon check ',
      'cordon show x --nonsense ',
      'cordon list --behavior ',
      'cordon none ',
    ])
      expect([line, await propose(line)]).toEqual([line, []]);
  });

  it('asks the table for things that the command applies to, and gives up silently', async () => {
    const table = aTable([aContainedCase()]);

    expect(await openThings(async () => table)('release', 'my')).toEqual(['mything1']);
    expect(await openThings(async () => table)('approve', 'my')).toEqual([]);
    const refused = async () => {
      throw new Error('no rights');
    };
    expect(await openThings(refused)('release', '')).toEqual([]);
  });

  it('writes what each shell expects of a name with a colon', () => {
    const proposals = [{ value: 'plant:7', about: 'a thing' }];

    expect(writeProposals(proposals, 'bash', 'cordon show plant:')).toBe('7');
    expect(writeProposals(proposals, 'zsh', 'cordon show ')).toBe('plant\\:7:a thing');
    expect(writeProposals(proposals, 'fish', 'cordon show ')).toBe('plant:7\ta thing');
  });

  it('works in bash, and never executes the typed text', () => {
    const script = `
cordon() { printf '%s\\n' "$@" >&2; printf 'mything1\\nmything2\\n'; }
${writeScript('bash').replace(' 2>/dev/null', '')}
COMP_LINE='cordon show $(touch run) "a' COMP_POINT=27; _cordon; printf '<%s>' "\${COMPREPLY[@]}"; complete -p cordon`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });

    expect(stdout).toBe('<mything1><mything2>complete -o default -F _cordon cordon\n');
    expect(stderr.split('\n')).toEqual([
      'complete',
      '--shell',
      'bash',
      '--line',
      'cordon show $(touch run) "a',
      '',
    ]);
  });
});
