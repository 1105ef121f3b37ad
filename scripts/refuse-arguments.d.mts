export function refuseArguments(command: string): void;
