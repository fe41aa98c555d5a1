import { Worker } from 'node:worker_threads';

/**
 * Starts a thread whose entry is a module of ours, compiled or not: a Node that cannot read types does not pass its
 * loaders on to threads, so that the sources need theirs registered again.
 */
export function startThread(entry: URL, workerData: unknown = null): Worker {
  const readsTypes = 'typescript' in process.features && Boolean(process.features.typescript);
  if (!entry.pathname.endsWith('.ts') || readsTypes) return new Worker(entry, { workerData });
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const script = `import { register } from ${loader}; register(); await import(${JSON.stringify(entry.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData });
}
