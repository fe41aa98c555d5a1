import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A portal that makes its datasets up while it is asked, as many as it is told to have; ids ascend. */
export async function startGeneratedCkan(
  datasets: number,
  resourcesEach: number,
): Promise<{ site: string; server: Server }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    response.setHeader('content-type', 'application/json');
    if (pathname.endsWith('/status_show'))
      return void response.end('{"success":true,"result":{"ckan_version":"2.11.6"}}');
    const start = Number(searchParams.get('start') ?? 0);
    const rows = Math.min(Number(searchParams.get('rows') ?? 10), 1000);
    const page = Array.from({ length: Math.max(0, Math.min(rows, datasets - start)) }, (_, at) =>
      datasetText(start + at, resourcesEach),
    );
    response.end(`{"success":true,"result":{"count":${datasets},"results":[${page.join(',')}]}}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, site: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function datasetText(number: number, resourcesEach: number): string {
  const id = uuid(0, number);
  const resources = Array.from({ length: resourcesEach }, (_, at) => resourceText(number * resourcesEach + at, id));
  return (
    `{"id":"${id}","name":"dataset-${number}","title":"Dataset ${number}","notes":"${'Figures of the year. '.repeat(10)}",` +
    `"private":false,"state":"active","metadata_modified":"2026-01-01T00:00:00.000000","license_id":"cc-by",` +
    `"organization":{"id":"${uuid(9, 1)}","name":"statistics","title":"Office of Statistics"},"resources":[${resources.join(',')}]}`
  );
}

function resourceText(number: number, datasetId: string): string {
  return (
    `{"id":"${uuid(1, number)}","package_id":"${datasetId}","url":"https://publisher-${number % 500}.example/files/${number}.csv",` +
    `"name":"File ${number}","description":"","format":"CSV","url_type":null,"state":"active","position":0,"size":null,` +
    `"hash":"","mimetype":null,"cache_url":null,"cache_last_updated":null,"created":"2026-01-01T00:00:00.000000",` +
    `"last_modified":null,"metadata_modified":"2026-01-01T00:00:00.000000"}`
  );
}

const uuid = (kind: number, number: number): string =>
  `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
