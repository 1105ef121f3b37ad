import { isObject } from '../domain/json';
import type { Fault } from './fault';

/** EventBridge's quotas: 2,048 characters, which AWS raises to this on request. */
const longestPattern = 4_096;

/** Errors of a pattern that EventBridge would refuse in the middle of a deploy (PutRule, InvalidEventPatternException). */
export function findPatternFaults(pattern: object, path: Fault['path']): Fault[] {
  const { length } = JSON.stringify(pattern);
  const tooLong = `it has ${length} characters as JSON, and EventBridge takes 4,096 at most: shorten it`;
  return length > longestPattern ? [{ path, message: tooLong }] : findConditionFaults(pattern, path);
}

function findConditionFaults(pattern: object, path: Fault['path']): Fault[] {
  return Object.entries(pattern).flatMap(([key, condition]: [string, unknown]) => {
    const at = [...path, key];
    if (!Array.isArray(condition) && !isObject(condition)) {
      const message = `EventBridge takes no single value here: write a list, such as [${condition}]`;
      return [{ path: at, message }];
    }
    if (Object.keys(condition).length === 0)
      return [{ path: at, message: 'it is empty, which EventBridge refuses: leave it out' }];
    if (!Array.isArray(condition)) return findConditionFaults(condition, at);
    if (key !== '$or') return [];
    return condition.flatMap((one, index) => (isObject(one) ? findConditionFaults(one, [...at, index]) : []));
  });
}
