import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An object of Kubernetes, as far as every one is alike. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const KUBERNETES = 'examples/deploy/kubernetes';
const SYSTEMD = 'examples/deploy/systemd';

/** Every object of the example manifests. */
export function kubernetesObjects(): readonly KubernetesObject[] {
  return readdirSync(KUBERNETES)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(join(KUBERNETES, file), 'utf8')))
    .map((document): KubernetesObject => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    });
}

/** `deployment/name` and the like of all of them, and of what they expect to be made by hand. */
export function deployedNames(): ReadonlySet<string> {
  const names = kubernetesObjects().map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
  return new Set([...names, ...secretNames()]);
}

/** Secrets are in no repository; the manifests name them. */
function secretNames(): readonly string[] {
  const text = JSON.stringify(kubernetesObjects());
  return [...text.matchAll(/"secretRef":\{"name":"([^"]+)"/g)].map(([, name]) => `secret/${name}`);
}

/** The names of the example's units. */
export const systemdUnits = (): readonly string[] => readdirSync(SYSTEMD);
