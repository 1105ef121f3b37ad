/** The folders of the packages of which something is in a bundle, from what esbuild tells of it. */
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
