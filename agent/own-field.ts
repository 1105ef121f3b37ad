/** A field of the object itself: a metric may have a name that every object inherits, such as `toString`. */
export function ownField<T>(fields: Readonly<Record<string, T>> = {}, name: string): T | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
