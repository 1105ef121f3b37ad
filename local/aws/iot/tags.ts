import type { IotState } from './state';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export function saveTags(state: IotState, arn: string, tags: readonly Tag[] | undefined): void {
  if (!tags || tags.length === 0) return;
  const held = state.tags.get(arn) ?? new Map<string, string>();
  state.tags.set(arn, new Map([...held, ...tags.map(({ Key, Value }): [string, string] => [Key, Value])]));
}

export function listTags(state: IotState, arn: string): readonly Tag[] {
  return [...(state.tags.get(arn) ?? [])].map(([Key, Value]) => ({ Key, Value }));
}
