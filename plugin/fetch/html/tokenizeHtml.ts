import { type Token, Tokenizer, TokenizerMode } from 'parse5';

/** Takes a page's tags and text in the order of the document; nothing is nested, so nothing can be nested too deep. */
export interface HtmlHandler {
  /** `attributes`: names in lower case, the first of a repeated one. */
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  close(name: string): void;
  text(text: string): void;
}

/** What switches the tokenizer where no tree builder does: WHATWG HTML, section 13.2.6.4. */
const CONTENT_MODES: Readonly<Record<string, Tokenizer['state']>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
};

/**
 * Tokenises HTML as browsers do, entities decoded, without building a tree: time and memory are linear in the length,
 * whatever the nesting. Scripts are text like any other; nothing is run.
 */
export function tokenizeHtml(html: string, handler: HtmlHandler): void {
  let foreign = 0;
  const ignore = () => undefined;
  const text = ({ chars }: Token.CharacterToken) => handler.text(chars);
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag({ tagName, attrs, selfClosing }) {
        handler.open(tagName, attributesOf(attrs));
        const mode = Object.hasOwn(CONTENT_MODES, tagName) ? CONTENT_MODES[tagName] : undefined;
        if (mode !== undefined && foreign === 0) tokenizer.state = mode;
        if (isForeign(tagName) && !selfClosing) foreign += 1;
      },
      onEndTag({ tagName }) {
        if (isForeign(tagName) && foreign > 0) foreign -= 1;
        handler.close(tagName);
      },
      onCharacter: text,
      onWhitespaceCharacter: text,
      onNullCharacter: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
    },
  );
  tokenizer.write(html, true);
}

function attributesOf(attributes: readonly Token.Attribute[]): ReadonlyMap<string, string> {
  return new Map(attributes.map(({ name, value }) => [name, value]));
}

function isForeign(name: string): boolean {
  return name === 'svg' || name === 'math';
}
