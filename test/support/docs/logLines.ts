import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const LEVELS = ['warn', 'error'];

/** Every line that the code logs at `warn` or `error`, as far as it is the same each time. */
export function logLines(): readonly string[] {
  const sources = readdirSync('plugin', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const lines = sources.flatMap((path) => linesOf(readFileSync(join('plugin', path), 'utf8')));
  return [...new Set(lines)].sort();
}

function linesOf(text: string): string[] {
  if (!/\.(warn|error)\(/.test(text)) return [];
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  return nodesOf(source)
    .filter(ts.isCallExpression)
    .filter(isLogging)
    .flatMap(({ arguments: given }) => textOf(given.at(-1), source) ?? []);
}

const nodesOf = (node: ts.Node): ts.Node[] => [node, ...node.getChildren().flatMap(nodesOf)];

function isLogging({ expression }: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(expression) || !LEVELS.includes(expression.name.text)) return false;
  return /logger$/.test(expression.expression.getText());
}

/** A literal, or a constant of the same file; null: the line holds names. */
function textOf(message: ts.Expression | undefined, source: ts.SourceFile): string | null {
  if (message === undefined) return null;
  if (ts.isStringLiteral(message)) return message.text;
  if (!ts.isIdentifier(message)) return null;
  const constants = nodesOf(source).filter(ts.isVariableDeclaration);
  const found = constants.find(({ name }) => name.getText() === message.text)?.initializer;
  return found !== undefined && ts.isStringLiteral(found) ? found.text : null;
}
