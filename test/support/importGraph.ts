import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';

/** One import of a file of the project by another. */
export interface Import {
  /** Of the imported file, from the root of the project. */
  readonly path: string;
  /** Nothing of its code is used. */
  readonly typesOnly: boolean;
  /** By `import()`: only when it comes to that. */
  readonly dynamic: boolean;
}

/** The files of the project that a source imports, in the order of its text. */
export function importsOf(path: string): Import[] {
  if (!/\.[cm]?[jt]s$/.test(path)) return [];
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023);
  const found: Import[] = [];
  const add = (name: ts.Node | undefined, how: Omit<Import, 'path'>) => {
    if (!name || !ts.isStringLiteral(name) || !name.text.startsWith('.')) return;
    const target = relative('.', join(dirname(path), name.text)).replaceAll(sep, '/');
    if (existsSync(target)) found.push({ path: target, ...how });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, { typesOnly: takesTypesOnly(node), dynamic: false });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], { typesOnly: false, dynamic: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The file and every file whose code it reaches by imports of the given kind. */
export function reachableFrom(path: string, follows: (imported: Import) => boolean): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [path];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(
      ...knownImports(next)
        .filter(follows)
        .map((imported) => imported.path),
    );
  }
  return reached;
}

const known = new Map<string, Import[]>();

function knownImports(path: string): Import[] {
  const imports = known.get(path) ?? importsOf(path);
  known.set(path, imports);
  return imports;
}

function takesTypesOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly || allTypes(statement.exportClause);
  const { importClause } = statement;
  if (!importClause) return false;
  return importClause.isTypeOnly || (!importClause.name && allTypes(importClause.namedBindings));
}

function allTypes(clause: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  return clause !== undefined && 'elements' in clause && clause.elements.every(({ isTypeOnly }) => isTypeOnly);
}
