import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

const sources = join(import.meta.dirname, '../agent-package');
/** The same sources give the same bytes, so no file is younger than this (reproducible-builds.org, SOURCE_DATE_EPOCH). */
const epochSeconds = Number(process.env.SOURCE_DATE_EPOCH ?? Date.UTC(2000, 0, 1) / 1000);

/**
 * Writes the agent as a Debian package and as a tarball for other systems, and gives their paths. Neither needs a tool
 * of Debian's.
 * @param {{ bundle: string, version: string, directory: string }} options
 */
export async function writeAgentPackages({ bundle, version, directory }) {
  const read = (name) => readFile(join(sources, name));
  const program = await readFile(bundle);
  const [unit, config, readme, copyright] = await Promise.all(
    ['cordon-agent.service', 'config.yml', 'README', 'debian/copyright'].map(read),
  );
  const deb = join(directory, `cordon-agent_${version}_all.deb`);
  await writeFile(
    deb,
    await toDeb(version, [
      folder('etc'),
      folder('etc/cordon-agent'),
      file('etc/cordon-agent/config.yml', config),
      folder('usr'),
      folder('usr/bin'),
      link('usr/bin/cordon-agent', '../lib/cordon-agent/cordon-agent.cjs'),
      folder('usr/lib'),
      folder('usr/lib/cordon-agent'),
      file('usr/lib/cordon-agent/cordon-agent.cjs', program, 0o755),
      folder('usr/lib/systemd'),
      folder('usr/lib/systemd/system'),
      file('usr/lib/systemd/system/cordon-agent.service', unit),
      folder('usr/share'),
      folder('usr/share/doc'),
      folder('usr/share/doc/cordon-agent'),
      file('usr/share/doc/cordon-agent/README', readme),
      file('usr/share/doc/cordon-agent/copyright', copyright),
    ]),
  );
  const root = `cordon-agent-${version}`;
  const tarball = join(directory, `${root}.tar.gz`);
  await writeFile(
    tarball,
    await toTarGz([
      folder(root),
      file(`${root}/README`, readme),
      file(`${root}/config.yml`, config),
      file(`${root}/cordon-agent.cjs`, program, 0o755),
      file(`${root}/cordon-agent.service`, unit),
    ]),
  );
  return [deb, tarball];
}

const folder = (name) => ({ name, type: 'directory', mode: 0o755 });
const file = (name, content, mode = 0o644) => ({ name, type: 'file', mode, content });
const link = (name, linkname) => ({ name, type: 'symlink', mode: 0o777, linkname });

/** deb(5): an ar archive of the format's version, the control files and the files themselves. */
async function toDeb(version, entries) {
  const control = (name, mode) => readFile(join(sources, 'debian', name)).then((it) => file(name, it, mode));
  const files = entries.filter(({ type }) => type === 'file');
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  const template = await readFile(join(sources, 'debian/control'), 'utf8');
  const written = template
    .replace('@VERSION@', version)
    .replace('@INSTALLED_KB@', String(Math.ceil(bytes / 1024)));
  const sums = files.map(
    ({ name, content }) => `${createHash('md5').update(content).digest('hex')}  ${name}\n`,
  );
  const controlFiles = [
    file('control', Buffer.from(written)),
    await control('conffiles', 0o644),
    file('md5sums', Buffer.from(sums.join(''))),
    ...(await Promise.all(['postinst', 'prerm', 'postrm'].map((name) => control(name, 0o755)))),
  ];
  return toAr([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', await toTarGz(inDot(controlFiles))],
    ['data.tar.gz', await toTarGz(inDot(entries))],
  ]);
}

/** dpkg's own spelling of paths. */
function inDot(entries) {
  return [folder('.'), ...entries.map((entry) => ({ ...entry, name: `./${entry.name}` }))];
}

async function toTarGz(entries) {
  const archive = pack();
  const bytes = buffer(archive);
  const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(epochSeconds * 1000) };
  for (const { content, ...header } of entries)
    archive.entry({ ...header, ...owner }, content ?? Buffer.alloc(0));
  archive.finalize();
  return gzipSync(await bytes, { level: 9 });
}

/** ar(5): a header of 60 characters before each member, whose size is rounded up to even. */
function toAr(members) {
  const parts = members.map(([name, content]) => {
    const header = [
      name.padEnd(16),
      String(epochSeconds).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
      String(content.length).padEnd(10),
      '`\n',
    ].join('');
    return Buffer.concat([Buffer.from(header), content, Buffer.from(content.length % 2 === 0 ? '' : '\n')]);
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
