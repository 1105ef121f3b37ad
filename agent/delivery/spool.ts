import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, host, readText } from '../host';
import type { Problems } from '../problems';
import { isReport } from '../report/is-report';
import type { Report } from '../report/report';
import { createFolder, listFolder, removeIfThere, removeTemporaries, replaceFile } from '../state-file';
import type { Destination } from '../topics';

/** Reports on disk until they are delivered: one file each, so that a broken file loses one report. */
export interface Spool {
  /** Says whether it is kept now. `isUrgent`: through a power cut too (fsync(2)). */
  keep(destination: Destination, report: Report, isUrgent: boolean): boolean;
  drop(destination: Destination, report: Report): void;
  /** The reports of an earlier run, oldest first. Unreadable files, and files without a report, are dropped. */
  load(): ReadonlyMap<Destination, readonly Report[]>;
}

const fileName = /^(cordon|device-defender)-(\d{1,15})\.json$/;
/** A report fits a message, and so does one of these. */
const largestBytes = 160 * 1024;
/** As many of the smallest as the outbox would hold. */
const mostFiles = 1024;
const sumLength = 16;
/** The next start removes a file that a crash left, like any file without a report. */
const probeName = 'cordon-0.json';
const probeBytes = 4096;

export function openSpool(directory: string, thingName: string, problems: Problems): Spool {
  const folder = join(directory, `${thingName}.spool`);
  const nameOf = (destination: Destination, { header }: Report): string =>
    `${destination}-${header.report_id}.json`;
  /** Files of delivered reports that could not be removed: the next run would send them again. */
  const unremoved = new Set<string>();
  const attempt = (doing: string, run: () => void, again?: () => void): boolean => {
    try {
      run();
      return true;
    } catch (error) {
      if (codeOf(error) === 'no code') throw error;
      problems.note(
        'spool',
        `cannot ${doing}: ${(error as Error).message}; what is not delivered is lost at the agent's end`,
        again,
      );
      return false;
    }
  };
  const write = (name: string, text: string, isUrgent: boolean): boolean =>
    attempt(
      `write to ${folder}`,
      () => {
        createFolder(folder);
        replaceFile(join(folder, name), text, isUrgent);
        unremoved.delete(name);
        if (unremoved.size === 0 || removeAll()) problems.end('spool');
      },
      tryToWrite,
    );
  const remove = (name: string): void => {
    unremoved.add(name);
    removeAll();
  };
  /** A file that can't be removed does not prevent the removal of the others. */
  const removeAll = (): boolean =>
    attempt(
      `remove from ${folder}`,
      () => {
        let failure: unknown;
        for (const name of unremoved) {
          try {
            removeIfThere(join(folder, name));
            unremoved.delete(name);
          } catch (error) {
            failure ??= error;
          }
        }
        if (failure !== undefined) throw failure;
      },
      tryToWrite,
    );
  /** Writes as many bytes as a report has, as for an urgent report, under an unused name. */
  const tryToWrite = (): void => {
    if (write(probeName, ' '.repeat(probeBytes), true)) remove(probeName);
  };
  /** Undefined for a file without a report; throws for an unreadable file. */
  const readOne = (name: string): readonly [Destination, Report] | undefined => {
    const [, destination, id] = fileName.exec(name) ?? [];
    const path = join(folder, name);
    if (host.statSync(path).size > largestBytes) return undefined;
    const report = parseEntry(readText(path));
    return report && report.header.report_id === Number(id)
      ? [destination as Destination, report]
      : undefined;
  };

  return {
    keep: (destination, report, isUrgent) =>
      write(nameOf(destination, report), formatEntry(report), isUrgent),
    drop: (destination, report) => remove(nameOf(destination, report)),
    load: () => {
      const found = new Map<Destination, Report[]>();
      let names: readonly string[] = [];
      attempt(`read ${folder}`, () => {
        names = listFolder(folder);
      });
      attempt(`remove what was left in ${folder}`, () =>
        removeTemporaries(folder, names, (name) => fileName.test(name)),
      );
      const reports = names.filter((name) => fileName.test(name)).sort(byId);
      for (const [index, name] of reports.entries()) {
        attempt(`read ${name} in ${folder}`, () => {
          const entry = index < mostFiles ? readOne(name) : undefined;
          if (entry) found.set(entry[0], [...(found.get(entry[0]) ?? []), entry[1]]);
          else removeIfThere(join(folder, name));
        });
      }
      return found;
    },
  };
}

function byId(a: string, b: string): number {
  return Number(fileName.exec(a)?.[2]) - Number(fileName.exec(b)?.[2]);
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, sumLength);
}

function formatEntry(report: Report): string {
  const text = JSON.stringify(report);
  return `${sumOf(text)}\n${text}\n`;
}

function parseEntry(entry: string): Report | undefined {
  const text = entry.slice(sumLength + 1, -1);
  if (entry.slice(0, sumLength) !== sumOf(text)) return undefined;
  const value: unknown = JSON.parse(text);
  // It was written whole, but another version of the agent may have written it.
  return isReport(value) ? value : undefined;
}
