import { readFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import ts from 'typescript';

/** The committed report: what a host may import, as the compiler sees it. `npm run api` writes it. */
export const API_REPORT = 'report.api.md';

const COMPILED = resolve('dist') + sep;

const printer = ts.createPrinter({ removeComments: true });

/** Every public name with its declaration, and the types that are not exported but reached through them. Of `dist`. */
export function apiReport(): string {
  const entries = publicEntries();
  const program = ts.createProgram(Object.values(entries), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  });
  const reader = new ApiReader(program.getTypeChecker());
  const sections = Object.entries(entries).map(([name, file]) => {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} is not there: npm run build makes it.`);
    return section(name, reader.exportsOf(source));
  });
  const about = 'What a host may import; a change here is a change of the public API. Written by `npm run api`.';
  return `# Public API\n\n${about}\n\n${[...sections, section('Reached through these', reader.reached())].join('\n')}`;
}

/** By their names in `package.json`. */
function publicEntries(): Readonly<Record<string, string>> {
  const { name, exports }: { name: string; exports: Record<string, { types?: string } | string> } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  const typed = Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === 'object' && entry.types ? [[`${name}${path.slice(1)}`, resolve(entry.types)]] : [],
  );
  return Object.fromEntries(typed);
}

const section = (title: string, declarations: readonly string[]): string =>
  `## ${title}\n\n\`\`\`ts\n${declarations.join('\n\n')}\n\`\`\`\n`;

class ApiReader {
  readonly #checker: ts.TypeChecker;
  readonly #told = new Set<ts.Symbol>();
  readonly #reached = new Set<ts.Symbol>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  exportsOf(source: ts.SourceFile): readonly string[] {
    const module = this.#checker.getSymbolAtLocation(source);
    const exported = module ? this.#checker.getExportsOfModule(module) : [];
    const targets = exported.map((symbol) => this.#target(symbol));
    for (const target of targets) this.#told.add(target);
    return targets.map((target) => this.#textOf(target)).sort();
  }

  /** Until nothing new is reached. */
  reached(): readonly string[] {
    const texts: string[] = [];
    for (const symbol of this.#reached) if (!this.#told.has(symbol)) texts.push(this.#textOf(symbol));
    return texts.sort();
  }

  #target(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #textOf(symbol: ts.Symbol): string {
    return (symbol.declarations ?? []).map((declaration) => this.#declarationText(declaration)).join('\n');
  }

  #declarationText(declaration: ts.Declaration): string {
    if (ts.isTypeAliasDeclaration(declaration) && ts.isMappedTypeNode(declaration.type))
      return this.#expanded(declaration);
    this.#follow(declaration);
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return printer.printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile());
  }

  /** A type that is derived from a table, such as the settings: what it came to, not how. */
  #expanded(declaration: ts.TypeAliasDeclaration): string {
    const type = this.#checker.getTypeAtLocation(declaration);
    const members = type.getProperties().map((property) => {
      const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
      const text = this.#checker.typeToString(this.#checker.getTypeOfSymbol(property), declaration, flags);
      return `    readonly ${property.name}: ${text};`;
    });
    return `export type ${declaration.name.text} = {\n${members.join('\n')}\n};`;
  }

  /** Notes what the declaration names and this package declares. */
  #follow(node: ts.Node): void {
    if (ts.isIdentifier(node)) {
      const symbol = this.#checker.getSymbolAtLocation(node);
      const target = symbol && this.#target(symbol);
      if (target?.declarations?.some(isOurs)) this.#reached.add(target);
    }
    ts.forEachChild(node, (child) => this.#follow(child));
  }
}

/** At the top of a compiled file; members and parameters are told with what holds them. */
const isOurs = (declaration: ts.Declaration): boolean =>
  declaration.getSourceFile().fileName.startsWith(COMPILED.split(sep).join('/')) &&
  (ts.isInterfaceDeclaration(declaration) ||
    ts.isTypeAliasDeclaration(declaration) ||
    ts.isClassDeclaration(declaration) ||
    ts.isFunctionDeclaration(declaration) ||
    (ts.isVariableDeclaration(declaration) && ts.isSourceFile(declaration.parent.parent.parent)));
