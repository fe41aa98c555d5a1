import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { AggregatorRegistry, Registry, type RegistryContentType } from 'prom-client';
import { type Counted, DURATION_BUCKETS } from '../model/counter.ts';
import { requirePermission } from './access.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import type { Gauge } from './metricsSource.ts';

const OPEN = 'application/openmetrics-text';
const LABELLED = new Set(['archiver_archivals_total', 'archiver_mails_total']);

const HELP: Readonly<Record<string, string>> = {
  archiver_archivals_total: 'Archivals that ended, by outcome and lane.',
  archiver_requests_total: 'Requests sent to publishers.',
  archiver_received_bytes_total: 'Bytes read from publishers.',
  archiver_stored_copies_total: 'Copies that were stored.',
  archiver_stored_bytes_total: 'Bytes of these copies.',
  archiver_fetch_duration_seconds: 'How long attempts took that asked a publisher.',
  archiver_first_byte_seconds: 'From the last request of an attempt to the head of its answer.',
  archiver_mails_total: 'Mails to maintainers, by how sending them ended.',
};

/** As the library hands a metric from one process to another; our processes meet in the database instead. */
interface Shared {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly {
    /** Where it is not that of the metric: the parts of a histogram. */
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** For Prometheus: what all workers have counted, and how things stand. */
export async function showMetrics(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  if (!hasToken(deps.metrics.token, request.get('authorization')))
    await requirePermission(deps, request, 'archive.report', { datasetId: null, resourceId: null });
  const { counted, gauges } = await deps.metrics.read();
  // Who names it can read it, with whatever parameters; both say the same.
  const isOpen = request.get('accept')?.includes(OPEN) ?? false;
  const metrics = [
    ...Object.keys(HELP).map((name) => countedMetric(name, counted, isOpen)),
    ...gauges.map(gaugeMetric),
  ];
  const registry = AggregatorRegistry.aggregate<RegistryContentType>([metrics]);
  registry.setContentType(isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
  response.setHeader('Content-Type', registry.contentType);
  response.setHeader('Vary', 'Accept');
  response.send(await registry.metrics());
}

function countedMetric(name: string, counted: readonly Counted[], isOpen: boolean): Shared {
  const help = HELP[name] ?? name;
  if (!name.endsWith('_total'))
    return { name, help, type: 'histogram', aggregator: 'sum', values: partsOf(name, counted) };
  const grown = counted.filter((one) => one.name === name).map(({ labels, value }) => ({ labels, value }));
  // What nothing was counted of yet is there, and 0, so that its first growth shows as one.
  const values = grown.length === 0 && !LABELLED.has(name) ? [{ labels: {}, value: 0 }] : grown;
  // OpenMetrics names a counter without the ending of its samples; the library adds that.
  return { name: isOpen ? name.replace(/_total$/, '') : name, help, type: 'counter', aggregator: 'sum', values };
}

/** Every bucket, also one that nothing fell into. */
function partsOf(name: string, counted: readonly Counted[]): Shared['values'] {
  const grownTo = (metricName: string, le?: string) =>
    counted.find((one) => one.name === metricName && one.labels.le === le)?.value ?? 0;
  const bounds = [...DURATION_BUCKETS.map(String), '+Inf'];
  return [
    ...bounds.map((le) => ({ metricName: `${name}_bucket`, labels: { le }, value: grownTo(`${name}_bucket`, le) })),
    ...['sum', 'count'].map((part) => ({
      metricName: `${name}_${part}`,
      labels: {},
      value: grownTo(`${name}_${part}`),
    })),
  ];
}

const gaugeMetric = ({ name, help, values }: Gauge): Shared => ({
  name,
  help,
  type: 'gauge',
  aggregator: 'sum',
  values: values.map(({ labels = {}, value }) => ({ labels, value })),
});

/** In the same time whatever was sent. */
function hasToken(token: string | null, authorization: string | undefined): boolean {
  if (token === null || authorization === undefined) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(`Bearer ${token}`), hash(authorization));
}
