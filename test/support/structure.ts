import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What the syntax tree of one source file says about its shape. Lines are counted from 1. */
export interface Structure {
  readonly path: string;
  /** Lines of the file, without the empty one behind the last line end. */
  readonly lines: number;
  readonly functions: readonly MeasuredFunction[];
  readonly exports: readonly MeasuredExport[];
}

/** A function with a body; arrows of one or two lines are expressions and are not counted. */
export interface MeasuredFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** A declaration that the file exports; what it only passes on from another file is documented there. */
export interface MeasuredExport {
  readonly name: string;
  readonly line: number;
  readonly documented: boolean;
}

/** The structure of every TypeScript source below a folder. */
export function structuresIn(folder: string): Structure[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => join(folder, path))
    .map((path) => structureOf(path, readFileSync(path, 'utf8')));
}

export function structureOf(path: string, text: string): Structure {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const functions: MeasuredFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (hasBody(node)) {
      const [line, last] = linesOf(file, node);
      const measured = { name: nameOf(node), line, lines: last - line + 1 };
      if (!ts.isArrowFunction(node) || measured.lines > 2) functions.push(measured);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { path, lines: text.replace(/\n$/, '').split('\n').length, functions, exports: exportsOf(file) };
}

/** The value that this share of the sorted numbers lies below; 0 of none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function hasBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name) return node.name.getText();
  const { parent } = node;
  const holds = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return holds ? parent.name.getText() : '(anonymous)';
}

function exportsOf(file: ts.SourceFile): MeasuredExport[] {
  return file.statements.filter(isExported).map((statement) => ({
    name: exportedName(statement),
    line: linesOf(file, statement)[0],
    documented: ts.getJSDocCommentsAndTags(statement).length > 0,
  }));
}

function isExported(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function exportedName(statement: ts.Statement): string {
  const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : statement;
  const isNamed = declared && (ts.isVariableDeclaration(declared) || ts.isDeclarationStatement(declared));
  return (isNamed && declared.name?.getText()) || 'default';
}

function linesOf(file: ts.SourceFile, node: ts.Node): [number, number] {
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  return [lineAt(node.getStart(file)), lineAt(node.end)];
}
