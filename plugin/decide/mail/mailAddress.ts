/** RFC 5321 section 4.5.3.1, and the 254 characters that follow from it for the whole. */
const LONGEST = 254;
const LOCAL_PART = String.raw`[^\s\p{Cc}\p{Cf}@"(),:;<>[\]\\]{1,64}`;
const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?`;
const ADDRESS = new RegExp(`^${LOCAL_PART}@${LABEL}(?:\\.${LABEL})+$`, 'u');

/**
 * The one address that a text is, `mailto:` and white space around it left out; null: it is none, or several. Quoted local
 * parts and address literals (RFC 5321) are refused: people do not have them, and headers are attacked with them.
 */
export function mailAddressOf(text: string): string | null {
  const address = text.trim().replace(/^mailto:/i, '');
  return address.length <= LONGEST && ADDRESS.test(address) ? address : null;
}

/** By which a person is known: who writes an address otherwise means the same mailbox. */
export const mailboxOf = (address: string): string => address.toLowerCase();

/** A mailbox as `From` has it (RFC 5322 section 3.4): `Data Portal <archiver@data.example>`, or the address alone; null: it is none. */
export function mailboxParts(text: string): { readonly name: string; readonly address: string } | null {
  const [, name = '', inBrackets] = /^([^<>\p{Cc}]*)<([^<>]*)>\s*$/u.exec(text) ?? [];
  const address = mailAddressOf(inBrackets ?? text);
  return address === null ? null : { name: name.trim().replace(/^"(.*)"$/, '$1'), address };
}

/** For logs: `w…@weather.example`. */
export const maskedAddress = (address: string): string => address.replace(/^(.)[^@]*/u, '$1…');
