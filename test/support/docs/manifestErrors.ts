import { resolve } from 'node:path';
import ts from 'typescript';
import type { KubernetesObject } from './deployed.ts';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
};

/**
 * What is wrong with objects of Kubernetes by the types of `kubernetes-models`, which are made of its OpenAPI: also members that no
 * schema knows, which its own validation passes over as the server's default does.
 */
export function manifestErrors(objects: readonly KubernetesObject[]): readonly string[] {
  const file = resolve('test/docs/manifests.virtual.ts');
  const text = objects.map(declarationOf).join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const [getSourceFile, fileExists] = [host.getSourceFile.bind(host), host.fileExists.bind(host)];
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

/** As a value of its kind's type: that of the group and version that it names. */
function declarationOf(object: KubernetesObject, index: number): string {
  const { apiVersion, kind } = object;
  const from = `kubernetes-models/${apiVersion}/${kind}`;
  return `import type { I${kind} as Kind${index} } from '${from}';\nexport const object${index}: Kind${index} = ${JSON.stringify(object)};`;
}
