export function stripped(path: string): string;
export function stripAll(paths: readonly string[]): void;
