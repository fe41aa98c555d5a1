import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * Where objects of a thread begin. V8 would let it grow to 48 MiB for each thread before it looks what is still in use; what
 * these threads make lives for one request or one batch. Smaller than this costs more memory, not less: what is in use when it
 * is looked at outlives its request.
 */
const LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 };

/**
 * Starts a thread whose entry is a module of ours, compiled or not. A thread takes over what `--import` named, except tsx, which
 * registers its loader in the main thread alone: to read the sources, it is registered again.
 */
export function startThread(entry: URL, workerData: unknown = null): Worker {
  const options = { workerData, resourceLimits: LIMITS };
  const readsTypes = 'typescript' in process.features && Boolean(process.features.typescript);
  const byTsx = process.execArgv.some((argument) => argument.includes('tsx'));
  if (!entry.pathname.endsWith('.ts') || readsTypes || !byTsx) return new Worker(entry, options);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const script = `import { register } from ${loader}; register(); await import(${JSON.stringify(entry.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), options);
}
