import { type JsonScan, scanJson, scanOfValue } from './jsonScan.ts';
import { type DecodedText, decodeText } from './sniffText.ts';
import { type XmlHead, xmlHead } from './xmlHead.ts';

/**
 * The head of a body as text, for all who ask what it is: its character set is found, its bytes are decoded, and what they
 * hold is parsed once, when the first of them asks.
 */
export class HeadText {
  readonly #bytes: Uint8Array;
  readonly #contentType: string | null;
  #decoded: DecodedText | null = null;
  #json: { readonly value: unknown } | null | undefined;
  #xml: XmlHead | null | undefined;

  /** `bytes`: the first of the body, of which the last character may be cut; `contentType`: the field as it was sent. */
  constructor(bytes: Uint8Array, contentType: string | null) {
    this.#bytes = bytes;
    this.#contentType = contentType;
  }

  /** Of text that is decoded already. */
  static ofText(text: string): HeadText {
    const head = new HeadText(new Uint8Array(0), null);
    head.#decoded = { text, charset: 'utf-8', from: 'bytes' };
    return head;
  }

  /** Without a byte-order mark. */
  get text(): string {
    return this.#decode().text;
  }

  /** Lower case, IANA. */
  get charset(): string {
    return this.#decode().charset;
  }

  /** The JSON object or array that the text is; null when it is cut, several values or none, or something else. */
  get json(): { readonly value: unknown } | null {
    if (this.#json === undefined) this.#json = parsed(this.text);
    return this.#json;
  }

  /** The prolog and root element, where the text begins as XML. */
  get xml(): XmlHead | null {
    if (this.#xml === undefined) this.#xml = xmlHead(this.text);
    return this.#xml;
  }

  /** The root of the JSON value that begins at `start`, whole or cut. */
  scanJson(start: number): JsonScan {
    return (this.json && scanOfValue(this.json.value, this.text.length)) ?? scanJson(this.text, start);
  }

  #decode(): DecodedText {
    this.#decoded ??= decodeText(this.#bytes, this.#contentType);
    return this.#decoded;
  }
}

function parsed(text: string): { readonly value: unknown } | null {
  const json = text.trimStart();
  if (json[0] !== '{' && json[0] !== '[') return null;
  try {
    return { value: JSON.parse(json) };
  } catch {
    return null;
  }
}
