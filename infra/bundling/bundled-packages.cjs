/** The folders of the packages that a bundle contains code of, from esbuild's metafile. */
function listPackages({ outputs }) {
  const folders = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
      const [found] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [];
      return found && bytesInOutput > 0 ? [found] : [];
    }),
  );
  return [...new Set(folders)].sort();
}

module.exports = { listPackages };
