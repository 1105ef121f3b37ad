/**
 * What json-cycle makes of a value: each object that was there before as a reference to it. osls writes its state with it.
 * json-cycle looks for an object among all before it, a third of a second for a template of ours.
 */
function decycle(root) {
  const paths = new Map();
  const copy = (given, path) => {
    const value = typeof given?.toJSON === 'function' ? given.toJSON() : given;
    if (typeof value !== 'object' || value === null) return value;
    if (paths.has(value)) return { $ref: paths.get(value) };
    paths.set(value, path);
    if (Array.isArray(value)) return value.map((item, index) => copy(item, `${path}[${index}]`));
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, item]) => [name, copy(item, `${path}[${JSON.stringify(name)}]`)]),
    );
  };
  return copy(root, '$');
}

module.exports = { decycle };
