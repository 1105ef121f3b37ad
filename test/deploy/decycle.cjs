/**
 * Does what json-cycle does, with which osls writes its state: replaces each repeated object by a reference to the
 * first one. json-cycle searches all earlier objects for each object, which takes a third of a second for Cordon's
 * template.
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
